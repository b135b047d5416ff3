// What the container's runtime asks now and then: ends with 0 if the server answers on its own port, else with 1.
const url = `http://127.0.0.1:${Deno.env.get("PORT") || "8000"}/healthz`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (!response.ok) fail(`${url}: ${response.status}`);
} catch (error) {
  fail(`${url}: ${(error as Error).message}`);
}

function fail(reason: string): never {
  console.error(reason);
  Deno.exit(1);
}

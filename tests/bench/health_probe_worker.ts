/** Asks a server how it is, on a thread of its own, so that nothing but the server and the machine makes it wait. */
const PAUSE_MS = 5;
const thread = self as unknown as {
  onmessage: (event: MessageEvent<{ url: string } | "stop">) => void;
  postMessage(times: number[]): void;
};
let asking: { times: number[]; stopped: boolean; ended: Promise<void> } | undefined;

async function ask(url: string, state: { times: number[]; stopped: boolean }): Promise<void> {
  while (!state.stopped) {
    const start = performance.now(), response = await fetch(url);
    await response.body?.cancel();
    state.times.push(response.ok ? performance.now() - start : Infinity);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

thread.onmessage = async ({ data }) => {
  if (data === "stop") {
    asking!.stopped = true;
    await asking!.ended;
    thread.postMessage(asking!.times);
  } else {
    const state = { times: [] as number[], stopped: false };
    asking = { ...state, ended: Promise.resolve() };
    asking.ended = ask(data.url, asking);
    thread.postMessage([]);
  }
};

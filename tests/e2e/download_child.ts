// What the server starts for a download, but over plain HTTP and from this machine: for download_test.ts.
import http from "node:http";
import { download, runDownload } from "../../src/workers/download.ts";

const [url, bytes] = Deno.args;
await runDownload(
  url.replace("https:", "http:"),
  Number(bytes),
  (url, limits) => download(url, limits, () => true, http.request as never),
);

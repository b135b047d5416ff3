import { render } from "preact";
import { App } from "./shell/app.tsx";
import "./live/theme.ts";

render(<App />, document.getElementById("app")!);

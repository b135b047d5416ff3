import { useState } from "preact/hooks";
import { session, unlock } from "../live/session.ts";
import { Button } from "../parts/button.tsx";
import { CodeSnippet } from "../parts/copy_button.tsx";
import { CheckBox, Field } from "../parts/field.tsx";
import { Mark } from "./navigation.tsx";

const WRONG = {
  "no key": undefined,
  "wrong key": "The server does not know this key: it was mistyped, has expired, or was revoked.",
  "lacks read": 'The server knows this key, but it lacks the scope "read", which every screen needs.',
};

/** What asks for a key, where the server has some. */
export function KeyGate() {
  const { value } = session;
  const [text, setText] = useState(""), [remember, setRemember] = useState(false);
  const [busy, setBusy] = useState(false),
    [lost, setLost] = useState(false),
    [touched, setTouched] = useState(false);
  document.title = "Key needed · latentd";
  const submit = async (event: Event) => {
    event.preventDefault();
    setTouched(true);
    if (text.trim() === "" || busy) return;
    setBusy(true);
    setLost(false);
    await unlock(text.trim(), remember).catch(() => setLost(true));
    setBusy(false);
  };
  const error = lost
    ? "The server does not answer."
    : touched && text.trim() === ""
    ? "Enter a key."
    : value.state === "locked"
    ? WRONG[value.why]
    : undefined;
  return (
    <main class="alone">
      <form class="gate card" onSubmit={submit} noValidate>
        <p class="brand">
          <Mark /> latentd
        </p>
        <h1>This server asks for a key</h1>
        <p class="soft">
          Requests to it carry an API key, and so must this page's. It is sent to this server alone, and kept
          until you close the browser.
        </p>
        <Field label="API key" error={error}>
          {(attributes) => (
            <input
              {...{
                ...attributes,
                type: "password",
                class: "input mono",
                value: text,
                autocomplete: "off",
                spellcheck: false,
              }}
              {...{ placeholder: "lat_…" }}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          )}
        </Field>
        <CheckBox checked={remember} onInput={setRemember} label="Remember it on this computer" />
        <Button kind="primary" type="submit" busy={busy}>Continue</Button>
        <details open={value.state === "locked" && value.why !== "no key"}>
          <summary>How to get one</summary>
          <p>
            Whoever runs the server makes keys, on its machine; each is printed once. To see everything and
            train:
          </p>
          <CodeSnippet language="shell" code="deno task keys add --name you --scopes read,embed,train" />
          <p class="soft">
            <code>--scopes read</code> looks and changes nothing; <code>admin</code> may delete, too.
          </p>
        </details>
      </form>
    </main>
  );
}

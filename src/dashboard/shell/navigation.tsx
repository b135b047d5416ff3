import { useEffect, useState } from "preact/hooks";
import { address, href } from "../live/address.ts";
import { useQuery } from "../live/query.ts";
import { calls, can, dataOf, forgetKey, session, usesKey } from "../live/session.ts";
import { type Theme, theme, THEMES } from "../live/theme.ts";
import { Button, IconButton } from "../parts/button.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { NAV } from "../routes.ts";

const THEME_ICONS: Record<Theme, IconName> = { system: "screen", light: "sun", dark: "moon" };

/** The bar at the left; at the top, behind a button, where the page is narrow. */
export function Navigation() {
  const { path } = address.value, [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [path]);
  const isHere = (to: string) => path === to || path.startsWith(`${to}/`);
  return (
    <header
      class={`side ${open ? "side-open" : ""}`}
      onKeyDown={({ key }) => key === "Escape" && setOpen(false)}
    >
      <div class="side-top">
        <a class="brand" href={href("/")} aria-current={path === "/" ? "page" : undefined}>
          <Mark /> latentd
        </a>
        <button
          {...{
            type: "button",
            class: "icon-button side-toggle",
            "aria-expanded": open,
            "aria-controls": "side-menu",
          }}
          aria-label={open ? "Close the menu" : "Open the menu"}
          onClick={() => setOpen(!open)}
        >
          <Icon name={open ? "close" : "menu"} />
        </button>
      </div>
      <div
        class="side-menu"
        id="side-menu"
        onClick={({ target }) => (target as Element).closest("a") && setOpen(false)}
      >
        <Button kind="primary" icon="add" needs="train" href={href("/new")}>New job</Button>
        <nav aria-label="Main">
          {NAV.map((group, n) => (
            <ul key={n}>
              {group.map(({ name, path: to, icon }) => (
                <li key={to}>
                  <a href={href(to)} aria-current={isHere(to) ? "page" : undefined}>
                    <Icon name={icon} /> {name}
                  </a>
                </li>
              ))}
            </ul>
          ))}
        </nav>
        <Foot />
      </div>
    </header>
  );
}

function Foot() {
  const { data } = useQuery("system", (signal) => dataOf(calls().GET("/v1/system", { signal })), {
    every: 30,
  });
  const { value } = session;
  const adapter = data?.workers.find(({ adapter }) => adapter)?.adapter;
  return (
    <footer class="side-foot">
      {value.state === "ready" && value.name !== null && (
        <p class="side-key" title={`May ${value.scopes.join(", ")}`}>
          <Icon name="key" size={14} /> <span>{value.name}{!can("train") && " · read only"}</span>
          {usesKey() && <IconButton icon="close" label="Forget the key" onClick={forgetKey} />}
        </p>
      )}
      <p class="side-adapter" title={adapter ? `${adapter.description}, ${adapter.driver}` : undefined}>
        {data ? adapter?.description ?? "No GPU in use" : "…"}
        {adapter?.software && " · software"}
      </p>
      <div class="side-line">
        <fieldset class="theme">
          <legend class="unseen">Theme</legend>
          {THEMES.map((name) => (
            <label key={name} title={`${name[0].toUpperCase()}${name.slice(1)} theme`}>
              <input
                {...{
                  type: "radio",
                  name: "theme",
                  value: name,
                  checked: theme.value === name,
                  "aria-label": name,
                }}
                onChange={() => theme.value = name}
              />
              <Icon name={THEME_ICONS[name]} size={14} />
            </label>
          ))}
        </fieldset>
        <a class="side-docs" href="/docs">API</a>
        {data && <span class="side-version">{data.versions.latentd}</span>}
      </div>
    </footer>
  );
}

/** Two views that share a centre. */
export function Mark() {
  return (
    <svg class="mark" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" />
      <circle cx="9.5" cy="12" r="4.6" />
      <circle cx="14.5" cy="12" r="4.6" />
    </svg>
  );
}

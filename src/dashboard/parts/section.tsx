import type { ComponentChildren } from "preact";

/** A framed part of a screen, with a heading. @param actions To the heading's right. @param flush Content without padding: a table. */
export function Section({ title, actions, note, flush = false, children, class: extra = "" }: {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  note?: ComponentChildren;
  flush?: boolean;
  children: ComponentChildren;
  class?: string;
}) {
  return (
    <section class={`card ${extra}`}>
      {(title || actions) && (
        <header class="card-head">
          <div class="card-title">
            <h2>{title}</h2>
            {note && <span class="card-note">{note}</span>}
          </div>
          {actions && <div class="card-actions">{actions}</div>}
        </header>
      )}
      <div class={flush ? "card-flush" : "card-body"}>{children}</div>
    </section>
  );
}

/**
 * The head of a screen: its one h1, which gets the focus after a navigation and names the document.
 *
 * @param trail Where it belongs, before the title: `[["Jobs", "#/jobs"]]`.
 */
export function PageHead({ title, trail = [], status, actions, note }: {
  title: string;
  trail?: [name: string, href: string][];
  status?: ComponentChildren;
  actions?: ComponentChildren;
  note?: ComponentChildren;
}) {
  document.title = `${[title, ...trail.map(([name]) => name).reverse()].join(" · ")} · latentd`;
  return (
    <header class="page-head">
      {trail.length > 0 && (
        <nav class="trail" aria-label="Breadcrumb">
          {trail.map(([name, to]) => <a key={to} href={to}>{name}</a>)}
        </nav>
      )}
      <div class="page-line">
        <h1 tabIndex={-1}>{title}</h1>
        {status}
        {actions && <div class="page-actions">{actions}</div>}
      </div>
      {note && <p class="page-note">{note}</p>}
    </header>
  );
}

/** Names and values. @param rows Those whose value is null or undefined show a dash. */
export function KeyValue({ rows }: { rows: [name: ComponentChildren, value: ComponentChildren][] }) {
  return (
    <dl class="key-value">
      {rows.map(([name, value], n) => (
        <div key={n}>
          <dt>{name}</dt>
          <dd>{value ?? "–"}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One figure, large, with its name. */
export function Figure({ label, value, note }: {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
}) {
  return (
    <div class="figure">
      <div class="figure-label">{label}</div>
      <div class="figure-value">{value}</div>
      {note && <div class="figure-note">{note}</div>}
    </div>
  );
}

import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

export interface Tab {
  id: string;
  name: ComponentChildren;
}

/** Tabs and the panel of the chosen one: arrows, Home and End move between them, as ARIA's pattern has it. */
export function Tabs({ label, tabs, chosen, onChoose, children }: {
  label: string;
  tabs: Tab[];
  chosen: string;
  onChoose: (id: string) => void;
  children: ComponentChildren;
}) {
  const base = useId(), list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ id }) => id === chosen), last = tabs.length - 1;
    const to = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    onChoose(tabs[to].id);
    (list.current!.children[to] as HTMLElement).focus();
  };
  return (
    <div class="tabs">
      <div class="tab-list" role="tablist" aria-label={label} ref={list} onKeyDown={move}>
        {tabs.map(({ id, name }) => (
          <button
            {...{
              key: id,
              type: "button",
              role: "tab",
              id: `${base}-${id}`,
              tabIndex: id === chosen ? 0 : -1,
            }}
            aria-selected={id === chosen}
            aria-controls={`${base}-panel`}
            onClick={() => onChoose(id)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${base}-panel`} aria-labelledby={`${base}-${chosen}`} class="tab-panel">
        {children}
      </div>
    </div>
  );
}

import type { ComponentChildren } from "preact";

/** 16 × 16, stroked in the text's colour. */
const SHAPES = {
  jobs: <path d="M2.5 12.5V9m3.7 3.5v-7m3.6 7V7.5m3.7 5v-9" />,
  datasets: <path d="M2.5 2.5h4.4v4.4H2.5zm6.6 0h4.4v4.4H9.1zM2.5 9.1h4.4v4.4H2.5zm6.6 0h4.4v4.4H9.1z" />,
  views: (
    <path d="M6 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Zm4 0a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6Z" />
  ),
  neighbors: (
    <path d="M8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6ZM3.2 2v2.2M2 3.2h2.4M12.8 2v2.2m-1.2-1h2.4M3.2 11.8V14M2 12.8h2.4m8.4-1V14m-1.2-1.2H14M5 5l1.5 1.5M11 5 9.5 6.5M5 11l1.5-1.5M11 11 9.5 9.5" />
  ),
  map: (
    <path
      d="M2.5 2.5v11h11M5.5 10.2h.01M7 7.4h.01M8.6 9.3h.01M10.1 5.1h.01M12 7.6h.01M12.4 3.6h.01M5.4 4.6h.01"
      stroke-width="1.9"
    />
  ),
  models: <path d="M8 1.8 13.6 5v6L8 14.2 2.4 11V5L8 1.8Zm0 6.3L13.4 5M8 8.1 2.6 5M8 8.1V14" />,
  system: <path d="M3 3h10v4H3zm0 6h10v4H3zm2.2-4h.01M5.2 11h.01M8 5h3M8 11h3" />,
  add: <path d="M8 3v10M3 8h10" />,
  search: <path d="M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4Zm3 7.2 3.4 3.4" />,
  close: <path d="m4 4 8 8m0-8-8 8" />,
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  copy: <path d="M5.5 5.5h8v8h-8zm-2 5h-1v-8h8v1" />,
  download: <path d="M8 2.5v8m-3.2-3L8 10.7l3.2-3.2M2.8 13.4h10.4" />,
  upload: <path d="M8 10.5v-8M4.8 5.5 8 2.3l3.2 3.2M2.8 13.4h10.4" />,
  refresh: <path d="M13.2 8a5.2 5.2 0 1 1-1.6-3.8M13.4 2v3h-3" />,
  play: <path d="M5 3.2v9.6L12.8 8z" />,
  pause: <path d="M5.2 3.5v9m5.6-9v9" />,
  stop: <path d="M4 4h8v8H4z" />,
  trash: <path d="M2.8 4.2h10.4M6 4V2.5h4V4m-5.8.2.6 9.3h6.4l.6-9.3" />,
  more: <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2" />,
  menu: <path d="M2.5 4.5h11M2.5 8h11m-11 3.5h11" />,
  left: <path d="M10 3 5 8l5 5" />,
  right: <path d="m6 3 5 5-5 5" />,
  down: <path d="m3 6 5 5 5-5" />,
  up: <path d="m3 10 5-5 5 5" />,
  sun: (
    <path d="M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM8 1v1.4m0 11.2V15M1 8h1.4m11.2 0H15M3 3l1 1m8 8 1 1m0-10-1 1m-8 8-1 1" />
  ),
  moon: <path d="M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6 5.8 5.8 0 1 0 13.4 9.6Z" />,
  screen: <path d="M2 3h12v8H2zm4 10.5h4M8 11v2.5" />,
  key: <path d="M5.2 6.9a3.1 3.1 0 1 0 0 6.2 3.1 3.1 0 0 0 0-6.2Zm2.3.9 5.3-5.3m-2.4 2.4 2 2" />,
  warning: <path d="M8 2.2 14.4 13.2H1.6L8 2.2Zm0 4.2v3.2m0 1.8v.01" />,
  info: <path d="M8 1.9a6.1 6.1 0 1 0 0 12.2A6.1 6.1 0 0 0 8 1.9Zm0 5.4v3.6m0-5.9v.01" />,
  back: <path d="M6 3 2.800 6.200 6 9.400M3 6.200h6.200a3.600 3.600 0 0 1 0 7.200H6" />,
  move: <path d="M2.500 5.500h10.500m-3-3 3 3-3 3M13.500 10.800H3m3-3-3 3 3 3" />,
  link: <path d="M6.5 9.5 13 3m0 0H9m4 0v4M11.5 9.5v3.5h-8.500v-8.500H6.5" />,
  image: <path d="M2.5 3h11v10h-11zM5.5 6.200h.01M3 11.500l3.3-3 2.2 2 2.5-2.7 2.3 2.4" />,
  compare: <path d="M8 2v12M3 5h2.500M3 8h2.500M3 11h2.500m5-6H13m-2.5 3H13m-2.5 3H13" />,
  minus: <path d="M3 8h10" />,
  lasso: (
    <path
      d="M8 2.6c3.200 0 5.700 1.700 5.700 3.900S11.200 10.400 8 10.400 2.300 8.700 2.300 6.500 4.800 2.600 8 2.600ZM5.400 10c-1.300.6-1.200 2.300.3 2.300s1.300 1.700.2 2"
      stroke-dasharray="2.600 1.500"
    />
  ),
} satisfies Record<string, ComponentChildren>;
export type IconName = keyof typeof SHAPES;

/** A picture beside words, which say all: screen readers skip it. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {SHAPES[name]}
    </svg>
  );
}

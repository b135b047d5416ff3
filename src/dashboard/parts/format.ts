const number = new Intl.NumberFormat("en", { maximumFractionDigits: 10 }); // 3 unless told
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** What stands where there is no value. */
export const NONE = "–";

/** 1234567 → 1,234,567 */
export const formatCount = (value: number | null | undefined): string =>
  value == null ? NONE : number.format(value);

/** 0.000123456 → 1.23e-4; 12.3456 → 12.35; whole numbers whole. @param digits Significant ones. */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (value == null || Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return number.format(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return value.toExponential(Math.max(1, digits - 2));
  return number.format(Number(value.toPrecision(digits)));
}

/** 0.8234 → 82.3 % */
export const formatPercent = (share: number | null | undefined, digits = 1): string =>
  share == null ? NONE : `${(100 * share).toFixed(digits)} %`;

/** 1536 → 1.5 KiB */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes == null) return NONE;
  let unit = 0, value = bytes;
  while (Math.abs(value) >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${BINARY[unit]}`;
}

/** 3725 → 1 h 02 min; 12.3 → 12 s; 0.25 → 250 ms */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return NONE;
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  const whole = Math.round(seconds), two = (value: number) => String(value).padStart(2, "0");
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${two(Math.floor(whole / 60) % 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor(whole / 3600) % 24} h`;
}

/** 2026-01-02T03:04:05Z → 2 Jan 2026, 03:04:05, in the reader's zone */
export const formatTime = (iso: string | null | undefined): string =>
  iso == null ? NONE : new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** How long ago that was: 3 min ago. @param now In ms since 1970. */
export function formatAgo(iso: string | null | undefined, now: number = Date.now()): string {
  if (iso == null) return NONE;
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  return days < 60 ? `${days} d ago` : new Date(iso).toLocaleDateString("en-GB", { dateStyle: "medium" });
}

/** `job_01ARZ3NDEKTSV4RRFFQ69G5FAV` → `job_…Q69G5FAV`: what tells ids apart is their end. */
export const shortId = (id: string): string => id.replace(/^([a-z]+_).+(.{8})$/, "$1…$2");

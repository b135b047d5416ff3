/** Opens what the first wrong field is folded into, and goes there. @returns Whether there is one. */
export function focusFirstWrong(form: HTMLElement): boolean {
  const first = form.querySelector<HTMLElement>("[aria-invalid='true'], [data-wrong]");
  for (let each = first?.closest("details"); each; each = each.parentElement?.closest("details")) {
    each.open = true;
  }
  first?.focus();
  return first !== null;
}

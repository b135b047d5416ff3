import { PageHead } from "../../parts/section.tsx";
import { EmptyState } from "../../parts/states.tsx";

export function Screen() {
  return (
    <>
      <PageHead title="Jobs" />
      <EmptyState icon="info" title="This screen is being built" />
    </>
  );
}

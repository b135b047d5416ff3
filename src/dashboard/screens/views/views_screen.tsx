import type { Schemas } from "../../../client/client.ts";
import { useOpenApi } from "../../forms/use_openapi.ts";
import { href } from "../../live/address.ts";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { useDatasets } from "./dataset_images.ts";
import { ViewsBench } from "./views_bench.tsx";

type Dataset = Schemas["Dataset"];

/** What training makes of a photograph: pairs of views by its own code. */
export function Screen({ query }: ScreenProps) {
  const document = useOpenApi(), datasets = useDatasets();
  return (
    <>
      <PageHead
        title="Views"
        note="What training makes of an image: two views an epoch, drawn by its own code from the seed."
      />
      <Loaded query={datasets} lines={6}>
        {(all) => {
          const ready = all.filter(({ status }) => status === "ready");
          return ready.length === 0 ? <NoDataset all={all} /> : (
            <Loaded query={document} lines={6}>
              {(openapi) => <ViewsBench document={openapi} datasets={ready} query={query} />}
            </Loaded>
          );
        }}
      </Loaded>
    </>
  );
}

function NoDataset({ all }: { all: Dataset[] }) {
  return (
    <EmptyState
      icon="views"
      title="No dataset is ready"
      actions={<Button kind="primary" href={href("/datasets")} icon="upload">Go to the datasets</Button>}
    >
      {all.length > 0
        ? "One is there, but not taken in yet, or it has failed."
        : "Upload images first; then any of them can be looked at as training sees it."}
    </EmptyState>
  );
}

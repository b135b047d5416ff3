import { can } from "../../live/session.ts";
import { CodeSnippet } from "../../parts/copy_button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { PageHead } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { type Done, Steps } from "./steps.tsx";

/** What to do on a server that has done nothing yet. */
export function FirstRun({ done }: { done: Done }) {
  return (
    <div class="home">
      <PageHead
        title="Welcome to latentd"
        note="It learns from your images without labels, and then turns images into vectors: for search, for clustering, for classifiers that need few labels."
      />
      {!can("train") && (
        <Notice tone="warning">
          Your key may look, but not upload or train: that needs the scope <code>train</code>.
        </Notice>
      )}
      <Steps done={done} />
      <section class="home-demo">
        <h2>
          <Icon name="info" /> Or see it work first
        </h2>
        <p>
          The demo starts a server of its own, trains on some CIFAR-10 for a minute, and shows that it has
          learned.
        </p>
        <CodeSnippet language="shell" code="deno task demo" />
      </section>
    </div>
  );
}

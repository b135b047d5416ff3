import { Counter, Gauge, type Registry } from "prom-client";
import type { Ingester } from "../domain/ports.ts";

/** What is measured of datasets that are taken in. @returns An ingester that does as `ingester`. */
export function ingestMetrics(registry: Registry, ingester: Ingester): Ingester {
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const images = counter("latentd_ingest_images_total", "Images taken into datasets.");
  const rejected = counter("latentd_ingest_rejected_total", "Files that did not become images.");
  const bytes = counter("latentd_ingest_read_bytes_total", "Bytes of archives read.");
  const rate = new Gauge({
    ...{ name: "latentd_ingest_images_per_second", registers },
    help: "Images a second of the dataset that is being taken in; 0 where none is.",
  });
  return {
    async ingest(what, task) {
      const began = performance.now();
      let counted = { images: 0, rejected: 0, bytesRead: 0 };
      try {
        return await ingester.ingest(what, {
          ...task,
          onProgress(so) {
            // A worker that died begins again: what it does twice counts once.
            const now = {
              images: Math.max(counted.images, so.images - (so.earlier ?? 0)),
              rejected: Math.max(counted.rejected, so.rejected),
              bytesRead: Math.max(counted.bytesRead, so.bytesRead),
            };
            images.inc(now.images - counted.images);
            rejected.inc(now.rejected - counted.rejected);
            bytes.inc(now.bytesRead - counted.bytesRead);
            counted = now;
            rate.set(now.images / ((performance.now() - began) / 1000));
            task.onProgress?.(so);
          },
        });
      } finally {
        rate.set(0);
      }
    },
  };
}

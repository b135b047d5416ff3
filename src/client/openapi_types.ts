// Made of the server's OpenAPI document by `deno task client`: not to be edited.
// deno-lint-ignore-file
export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server answers */
        get: operations["isLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether it can embed, and has the models ready that have names */
        get: operations["isReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List datasets, newest first */
        get: operations["listDatasets"];
        put?: never;
        /** Upload images, as an archive or as a form's files, or import them; ingest goes on in the background */
        post: operations["createDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/parts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add another archive's images, such as the next shard; the dataset is ingesting again until they are in */
        post: operations["addDatasetPart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One dataset */
        get: operations["getDataset"];
        put?: never;
        post?: never;
        /** Delete a dataset that no unfinished job uses; an ingest under way is given up */
        delete: operations["deleteDataset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Browse a dataset's images, in order */
        get: operations["listDatasetItems"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/items/{n}/image": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One image as PNG */
        get: operations["getDatasetImage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/items/{n}/original": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One image's file as it came, where the dataset keeps them */
        get: operations["getDatasetOriginal"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/rejected": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Files of the archive that did not become images, with the reason */
        get: operations["listRejectedFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Images that stand in more than one split, with their labels: the first thousand contents */
        get: operations["listDuplicates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The two augmented views of an image side by side, as training sees it in its first epochs */
        get: operations["getDatasetViews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Splits and classes of all of a dataset's images, by their numbers */
        get: operations["getDatasetColumns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/atlases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a dataset's thumbnails lie in its atlases
         * @description Item i is in atlas ⌊i / per_atlas⌋, and there, with j = i mod per_atlas, in row ⌊j / columns⌋ and column j mod columns, each px by px
         */
        get: operations["getAtlasLayout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/atlases/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Thumbnails of a dataset's images in one: of each its middle square */
        get: operations["getAtlas"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Begin a resumable upload (tus 1.0), which becomes a dataset by its id: source.upload */
        post: operations["createUpload"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/uploads/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Give up an upload */
        delete: operations["deleteUpload"];
        options?: never;
        /** How far an upload has come */
        head: operations["getUpload"];
        /** Go on with an upload, from where it is */
        patch: operations["continueUpload"];
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List jobs, newest first */
        get: operations["listJobs"];
        put?: never;
        /** Queue a job */
        post: operations["submitJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel a job that has not ended */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pause a queued or running job, over restarts too; a running one keeps a last checkpoint */
        post: operations["pauseJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put a paused job back at its place in the queue; it goes on from its last checkpoint */
        post: operations["resumeJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/estimate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a job would take of the GPU's memory, and how long; makes none
         * @description The body is that of `POST /v1/jobs`, with the same refusals of what is wrong with it. Memory is worked out from sizes, within about 2 s, also while a job trains. Time is by the speed of jobs that have run on this server: one alike, or the nearest, scaled by the arithmetic of both nets. It needs the scope `train`, as submitting does: it is for whoever may, and costs the server the same work
         */
        post: operations["estimateJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The files that a job has made, all of them once it has succeeded; `result.files`, too, lists them */
        get: operations["listJobFiles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of the files that a job has made */
        get: operations["getJobFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every logged row, each step once; or curves of so many points
         * @description One row about every second, with means over the steps since the row before where nothing else is said: `loss`, its two directions `loss_view1` and `loss_view2`; `lr` and `tau` of the last step; `gradient_norm`, `parameter_norm`; `images_per_s`; `data_wait`, the share of the time in which the GPU waited for data; `gpu_memory_bytes`. Signs of collapse: `projection_std` (1/√d is healthy, 0 a collapse), `mean_cosine` between different images' projections, `target_cosine` between both networks' projections of an image, `target_distance`, `dead_features`, `rankme` (how many dimensions embeddings use). With labels: `probe_loss` and `probe_train_top1` of the training batch; where an evaluation was made, `knn_top1` with `knn_k` and `knn_temperature`, and `probe_top1`, both of the split that `config.evaluate` names. In mixed precision: `loss_scale`, `skipped_steps`. Of a finetune job: `loss`, `train_top1`, `lr`, the norms, `trial` (from 0; the last is the final training) with its `base_lr`, and at the end of each `validation_top1`, of the last `test_top1`, `test_top5`, `test_mean_per_class`. A run that goes on from a checkpoint replaces the rows of the steps that it makes again.
         */
        get: operations["getJobMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A job's events: a stream that replays and then follows, or a list
         * @description Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each has as its `id` the event's seq, as its `event` the type, and as its `data` a JobEvent in JSON. Silence is filled with comments every 15 s. A stream ends after the job's last event; one that broke off is taken up by `Last-Event-ID`, and after the last event that is answered 204. With `Accept: application/json` the answer is a list.
         */
        get: operations["followJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All checkpoints, newest first: those of every job, and those that were imported */
        get: operations["listCheckpoints"];
        put?: never;
        /** Import a model: a safetensors file with torchvision's, timm's or transformers' names */
        post: operations["importCheckpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A job's checkpoints, newest first */
        get: operations["listJobCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One checkpoint */
        get: operations["getCheckpoint"];
        put?: never;
        post?: never;
        /** Delete a checkpoint that no alias and no unfinished job needs */
        delete: operations["deleteCheckpoint"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/{id}/files/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of a checkpoint's files, or of its model's in another layout */
        get: operations["getCheckpointFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A checkpoint's model, in a layout, as a tar */
        get: operations["getCheckpointArchive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/checkpoints/{id}/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every evaluation of a checkpoint, newest first, as one table */
        get: operations["listCheckpointEvaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs/{id}/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every evaluation of a job's checkpoints, the newest checkpoint's first, as one table */
        get: operations["listJobEvaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List models: aliases by name, then checkpoints, newest first */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One model, by alias or checkpoint id */
        get: operations["getModel"];
        /** Let an alias name a checkpoint */
        put: operations["setModelAlias"];
        post?: never;
        /** Drop an alias; the checkpoint stays */
        delete: operations["deleteModelAlias"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Embed images, in OpenAI's shape; where the body is an image, its options are in the query */
        post: operations["createEmbeddings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/classifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Classify images by a checkpoint with a head; they come as they do for embeddings */
        post: operations["createClassifications"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/neighbors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * The images of a dataset that are nearest to others by a model's embeddings, exactly
         * @description By cosine, the nearest first and of equally near ones the lower number; an image of the dataset is no neighbour of its own. Fewer than k where the dataset, or the split, has not as many. The dataset's embeddings are made when they are first needed: meanwhile the answer is 503, type `index_in_the_making`, which says how far they are.
         */
        post: operations["findNeighbors"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/datasets/{id}/projection": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A dataset's embeddings by a model in few dimensions: their first principal components
         * @description The embeddings less their mean, along the axes of most variance; of each axis the entry that is largest by magnitude is positive. It is made when it is first asked for, with the embeddings, if need be (those of neighbours): meanwhile the answer is 202, with how far it is. Ask again as `Retry-After` has it: what nobody asks for any more is given up. It is kept as long as the checkpoint and the dataset stay as they are.
         */
        get: operations["getProjection"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List backups, newest first */
        get: operations["listBackups"];
        put?: never;
        /** Copy all that is acknowledged, as of one moment, into a directory that a server can be started on */
        post: operations["createBackup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a backup */
        delete: operations["deleteBackup"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The server's figures, in Prometheus' text format */
        get: operations["scrapeMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Versions, workers and their adapters, queue, disk, memory, findings, settings */
        get: operations["getSystem"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the key that the request comes with may do */
        get: operations["getKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The dashboard */
        get: operations["showDashboard"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/assets/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of the dashboard's files, which never changes under its name */
        get: operations["getDashboardAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/docs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document, as a page */
        get: operations["showDocs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        DatasetImport: {
            name: string;
            source: {
                /** @description An archive or a folder on the server's disk, under one of its IMPORT_ROOTS; read where it lies */
                path: string;
            } | {
                /** @description A finished resumable upload's id; it is used up */
                upload: string;
            } | {
                /** @description An archive at an https URL, of a host in IMPORT_URLS; the answer comes when it is here */
                url: string;
            };
            /**
             * @description Images whose shorter side is longer are shrunk to this; others are kept as they are
             * @default 256
             */
            short_side?: number;
            /**
             * @description The share of files that may be no images; with more the dataset fails
             * @default 0.01
             */
            max_rejected?: number;
            /** @description Whether the images' files are kept as they came, beside their pixels */
            originals?: boolean;
            /**
             * @description What the upload is to be read as; told by its bytes where it is not given
             * @enum {string}
             */
            format?: "imagefolder" | "webdataset" | "cifar10" | "parquet";
        };
        JobRequest: components["schemas"]["PretrainJobRequest"] | components["schemas"]["KnnJobRequest"] | components["schemas"]["LinearProbeJobRequest"] | components["schemas"]["FinetuneJobRequest"] | components["schemas"]["EmbedJobRequest"];
        PretrainJobRequest: {
            /** @constant */
            kind: "pretrain";
            /** @description A dataset that is ready */
            dataset: string;
            config: components["schemas"]["PretrainConfig"];
            /**
             * @description Whatever you want to find again on the job: at most 16 entries
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        };
        KnnJobRequest: {
            /** @constant */
            kind: "knn";
            /** @description A dataset that is ready */
            dataset: string;
            config: components["schemas"]["KnnConfig"];
            /**
             * @description Whatever you want to find again on the job: at most 16 entries
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        };
        LinearProbeJobRequest: {
            /** @constant */
            kind: "linear_probe";
            /** @description A dataset that is ready */
            dataset: string;
            config: components["schemas"]["LinearProbeConfig"];
            /**
             * @description Whatever you want to find again on the job: at most 16 entries
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        };
        FinetuneJobRequest: {
            /** @constant */
            kind: "finetune";
            /** @description A dataset that is ready */
            dataset: string;
            config: components["schemas"]["FinetuneConfig"];
            /**
             * @description Whatever you want to find again on the job: at most 16 entries
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        };
        EmbedJobRequest: {
            /** @constant */
            kind: "embed";
            /** @description A dataset that is ready */
            dataset: string;
            config: components["schemas"]["EmbedConfig"];
            /**
             * @description Whatever you want to find again on the job: at most 16 entries
             * @default {}
             */
            metadata?: {
                [key: string]: string;
            };
        };
        PretrainConfig: {
            /**
             * @description The encoder: resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar] or cifar_resnet{8,20,32,44,56}
             * @enum {string}
             */
            arch: "cifar_resnet8" | "cifar_resnet20" | "cifar_resnet32" | "cifar_resnet44" | "cifar_resnet56" | "resnet18" | "resnet18-cifar" | "resnet18x2" | "resnet18x2-cifar" | "resnet18x3" | "resnet18x3-cifar" | "resnet18x4" | "resnet18x4-cifar" | "resnet34" | "resnet34-cifar" | "resnet34x2" | "resnet34x2-cifar" | "resnet34x3" | "resnet34x3-cifar" | "resnet34x4" | "resnet34x4-cifar" | "resnet50" | "resnet50-cifar" | "resnet50x2" | "resnet50x2-cifar" | "resnet50x3" | "resnet50x3-cifar" | "resnet50x4" | "resnet50x4-cifar" | "resnet101" | "resnet101-cifar" | "resnet101x2" | "resnet101x2-cifar" | "resnet101x3" | "resnet101x3-cifar" | "resnet101x4" | "resnet101x4-cifar" | "resnet152" | "resnet152-cifar" | "resnet152x2" | "resnet152x2-cifar" | "resnet152x3" | "resnet152x3-cifar" | "resnet152x4" | "resnet152x4-cifar" | "resnet200" | "resnet200-cifar" | "resnet200x2" | "resnet200x2-cifar" | "resnet200x3" | "resnet200x3-cifar" | "resnet200x4" | "resnet200x4-cifar";
            /** @description A view's width and height; where it is left out 224, and 32 for encoders of small images */
            px?: number;
            /** @description Images a step; where it is left out 256, and 128 for encoders of small images */
            batch?: number;
            /**
             * @description Images that go through the networks at once; their gradients are summed over the batch. Divides `batch`; null: the batch
             * @default null
             */
            micro_batch?: number | null;
            /** @description How long to train: either epochs or steps, or a preset `byol-…`, which has its own epochs */
            epochs?: number;
            /** @description How long to train, in steps */
            steps?: number;
            /**
             * @description A recipe: what fills every field that is left out. Left out itself, it is chosen by the size of the data
             * @enum {string}
             */
            preset?: "byol-40" | "byol-100" | "byol-300" | "byol-1000" | "small";
            /** @description Why that preset: the server's words */
            preset_reason?: string;
            /** @description The projector's hidden and output width; 4096 and 256, less for small encoders, by the preset */
            projector?: {
                hidden: number;
                out: number;
            };
            /** @description The predictor's hidden width; the projector's by the preset */
            predictor?: {
                hidden: number;
            };
            /** @description target ← tau·target + (1 - tau)·online, at first; it rises to 1 along a cosine */
            tau?: number;
            optimizer?: {
                /** @enum {string} */
                name?: "lars" | "sgd" | "adamw";
                /** @description Learning rate of a batch of 256: it is multiplied by batch / 256 */
                base_lr?: number;
                /** @description Not of biases and norms */
                weight_decay?: number;
                /** @description Of sgd and lars; 0.9 where it is left out */
                momentum?: number;
                /** @description Of lars; 0.001 where it is left out */
                trust_coefficient?: number;
                /** @description Epochs in which the learning rate rises from 0; then it falls along a cosine */
                warmup_epochs?: number;
            };
            augmentation?: components["schemas"]["Augmentation"];
            /**
             * @description Whose channel means and deviations images are normalised by
             * @default imagenet
             * @enum {string}
             */
            normalization?: "imagenet" | "dataset";
            /**
             * @description mixed: activations are stored as f16
             * @default f32
             * @enum {string}
             */
            precision?: "f32" | "mixed";
            /**
             * @description Everything random is a function of it
             * @default 0
             */
            seed?: number;
            /**
             * @description The split that is trained on
             * @default train
             */
            split?: string;
            /**
             * @description Which checkpoints are made and kept
             * @default {}
             */
            checkpoint?: {
                /**
                 * @description Steps between two checkpoints; null for the first and the last only
                 * @default 1000
                 */
                every_steps?: number | null;
                /**
                 * @description How many of the latest are kept; null for all
                 * @default 3
                 */
                keep_last?: number | null;
                /**
                 * @description Those whose step is a multiple of it are kept for good
                 * @default null
                 */
                keep_every?: number | null;
            };
            /**
             * @description A checkpoint whose weights a new run begins with: the encoder's, and the heads' where they are of the same sizes
             * @default null
             */
            init?: string | null;
            /** @description Accuracy while training, by k-NN and a probe; null for none. Where it is left out: if there are labels to do it by */
            evaluate?: {
                /**
                 * @description Epochs between two evaluations
                 * @default 10
                 */
                knn_every_epochs?: number;
                /**
                 * @description Neighbours that vote
                 * @default 200
                 */
                k?: number;
                /**
                 * @description A vote weighs exp(cosine / this)
                 * @default 0.1
                 */
                temperature?: number;
                /**
                 * @description The split whose images are classified
                 * @default test
                 */
                split?: string;
            } | null;
            /**
             * @description What becomes of a run whose representation has collapsed
             * @default fail
             * @enum {string}
             */
            on_collapse?: "fail" | "warn";
        };
        KnnConfig: {
            /** @description The checkpoint whose embeddings are judged; it stays as it is */
            checkpoint: string;
            /**
             * @description Neighbours that vote; of several numbers the first is what `top1` is of
             * @default 200
             */
            k?: number | number[];
            /**
             * @description A vote weighs exp(cosine / this)
             * @default 0.1
             */
            temperature?: number;
            /**
             * @description What is near
             * @default cosine
             * @enum {string}
             */
            distance?: "cosine";
            /**
             * @description The split whose labels vote
             * @default train
             */
            bank_split?: string;
            /**
             * @description The split whose images are classified
             * @default test
             */
            query_split?: string;
            /**
             * @description Whether the result has `quality`, which needs no labels, of query_split
             * @default false
             */
            quality?: boolean;
        };
        LinearProbeConfig: {
            /** @description The checkpoint whose encoder is judged; it stays as it is */
            checkpoint: string;
            /**
             * @description `lbfgs`: embeddings once, without augmentation, and L2-regularised logistic regression (transfer). `sgd`: embeddings of random crops, flipped by chance, anew each epoch, and SGD (the paper's linear evaluation)
             * @default lbfgs
             * @enum {string}
             */
            protocol?: "lbfgs" | "sgd";
            /**
             * @description The split whose labels the classifier is trained on
             * @default train
             */
            train_split?: string;
            /**
             * @description What lambda or rate is chosen on: a split, or a share of train_split (of each class, at least one); the classifier is then trained anew on both
             * @default 0.1
             */
            validation?: string | number;
            /**
             * @description The split that the result is of
             * @default test
             */
            test_split?: string;
            /**
             * @description What is held out, and what is drawn, are functions of it
             * @default 0
             */
            seed?: number;
            /**
             * @description Whether the result has `quality`, which needs no labels, of test_split
             * @default false
             */
            quality?: boolean;
            lbfgs?: {
                /**
                 * @description Weights to try of half the squared weights, beside the summed loss; 1 / C in scikit-learn
                 * @default [
                 *       0.000001,
                 *       0.00000177828,
                 *       0.00000316228,
                 *       0.00000562341,
                 *       0.00001,
                 *       0.0000177828,
                 *       0.0000316228,
                 *       0.0000562341,
                 *       0.0001,
                 *       0.000177828,
                 *       0.000316228,
                 *       0.000562341,
                 *       0.001,
                 *       0.00177828,
                 *       0.00316228,
                 *       0.00562341,
                 *       0.01,
                 *       0.0177828,
                 *       0.0316228,
                 *       0.0562341,
                 *       0.1,
                 *       0.177828,
                 *       0.316228,
                 *       0.562341,
                 *       1,
                 *       1.77828,
                 *       3.16228,
                 *       5.62341,
                 *       10,
                 *       17.7828,
                 *       31.6228,
                 *       56.2341,
                 *       100,
                 *       177.828,
                 *       316.228,
                 *       562.341,
                 *       1000,
                 *       1778.28,
                 *       3162.28,
                 *       5623.41,
                 *       10000,
                 *       17782.8,
                 *       31622.8,
                 *       56234.1,
                 *       100000
                 *     ]
                 */
                lambdas?: number[];
                /** @default 1000 */
                max_iterations?: number;
                /**
                 * @description Of the gradient of the objective divided by the images: largest entry at the end
                 * @default 0.000001
                 */
                tolerance?: number;
            };
            sgd?: {
                /**
                 * @description Rates to try, each multiplied by batch / 256; it falls to 0 along a cosine
                 * @default [
                 *       0.4,
                 *       0.3,
                 *       0.2,
                 *       0.1,
                 *       0.05
                 *     ]
                 */
                rates?: number[];
                /** @default 80 */
                epochs?: number;
                /** @description Images a step; left out 1024, or the power of two that makes 16 steps an epoch at least */
                batch?: number;
                /**
                 * @description Nesterov's
                 * @default 0.9
                 */
                momentum?: number;
                /**
                 * @description The crop's share of the image
                 * @default [
                 *       0.08,
                 *       1
                 *     ]
                 */
                crop_area?: [
                    number,
                    number
                ];
                /** @default 0.5 */
                flip?: number;
            };
        };
        FinetuneConfig: {
            /** @description The checkpoint whose encoder to begin with; null: none, supervised training from scratch with the same labels */
            init: string | null;
            /**
             * @description The encoder; left out, that of `init`. It must be that of `init`, if there is one
             * @enum {string}
             */
            arch?: "cifar_resnet8" | "cifar_resnet20" | "cifar_resnet32" | "cifar_resnet44" | "cifar_resnet56" | "resnet18" | "resnet18-cifar" | "resnet18x2" | "resnet18x2-cifar" | "resnet18x3" | "resnet18x3-cifar" | "resnet18x4" | "resnet18x4-cifar" | "resnet34" | "resnet34-cifar" | "resnet34x2" | "resnet34x2-cifar" | "resnet34x3" | "resnet34x3-cifar" | "resnet34x4" | "resnet34x4-cifar" | "resnet50" | "resnet50-cifar" | "resnet50x2" | "resnet50x2-cifar" | "resnet50x3" | "resnet50x3-cifar" | "resnet50x4" | "resnet50x4-cifar" | "resnet101" | "resnet101-cifar" | "resnet101x2" | "resnet101x2-cifar" | "resnet101x3" | "resnet101x3-cifar" | "resnet101x4" | "resnet101x4-cifar" | "resnet152" | "resnet152-cifar" | "resnet152x2" | "resnet152x2-cifar" | "resnet152x3" | "resnet152x3-cifar" | "resnet152x4" | "resnet152x4-cifar" | "resnet200" | "resnet200-cifar" | "resnet200x2" | "resnet200x2-cifar" | "resnet200x3" | "resnet200x3-cifar" | "resnet200x4" | "resnet200x4-cifar";
            /** @description An image's width and height; left out, that of `init`, or 224, or 32 */
            px?: number;
            /**
             * @description The paper's recipe for 1 % or 10 % of the labels: it fills whatever is left out
             * @default null
             */
            preset?: ("finetune-1pct" | "finetune-10pct") | null;
            /** @description The share of each class's images whose labels are used, rounded: this or `labels_per_class` */
            label_fraction?: number;
            /** @description How many labels of each class are used */
            labels_per_class?: number;
            /**
             * @description Which ones: a larger share of the same seed has a smaller one's, too
             * @default 0
             */
            label_seed?: number;
            /**
             * @description The split that labels are taken of
             * @default train
             */
            split?: string;
            /** @description What rates and lengths are chosen on: a split, or a share of the labels (of each class, at least one), 0.2 where it is left out; null: nothing is chosen, and there is one rate and one length */
            validation?: (string | number) | null;
            /** @description Whether the last training, by the rate and length that were best, takes in validation's labels; left out: if they are a share */
            refit?: boolean;
            /**
             * @description The split whose images the classifier is judged by
             * @default test
             */
            test_split?: string;
            /** @description Lengths to try, in epochs */
            epochs?: number[];
            /** @description Lengths to try, in steps */
            steps?: number[];
            /** @description Images a step, at most the labels that are trained on; left out, chosen to be */
            batch?: number;
            /** @description Rates to try, of a batch of 256: each is multiplied by batch / 256 */
            base_lr?: number[];
            /**
             * @description How the rate falls: along a cosine to 0, or to a tenth at 60 % and again at 80 % of the steps
             * @default cosine
             * @enum {string}
             */
            schedule?: "cosine" | "step";
            /**
             * @description Not of biases and norms
             * @default 0
             */
            weight_decay?: number;
            /**
             * @description Nesterov's
             * @default 0.9
             */
            momentum?: number;
            /**
             * @description BatchNorm's running statistics' weight of the old value; null: max(1 − 10 / steps an epoch, 0.9)
             * @default null
             */
            stat_decay?: number | null;
            /**
             * @description The encoder up to this stage stays as it is, and normalises by its running statistics
             * @default null
             */
            freeze?: ("stem" | "layer1" | "layer2" | "layer3" | "layer4") | null;
            /**
             * @description Of training: random-resized crop and flip, none, or a distribution in full
             * @default crop-flip
             */
            augmentation?: ("crop-flip" | "none") | components["schemas"]["ViewAugmentation"];
            /**
             * @description Everything random but the choice of labels is a function of it
             * @default 0
             */
            seed?: number;
            /**
             * @description Which checkpoints are made and kept
             * @default {}
             */
            checkpoint?: {
                /**
                 * @description Steps between two checkpoints; null for the first and the last only
                 * @default 1000
                 */
                every_steps?: number | null;
                /**
                 * @description How many of the latest are kept; null for all
                 * @default 3
                 */
                keep_last?: number | null;
                /**
                 * @description Those whose step is a multiple of it are kept for good
                 * @default null
                 */
                keep_every?: number | null;
            };
        };
        EmbedConfig: {
            /** @description The checkpoint that embeds; of a classifier, its features */
            checkpoint: string;
            /**
             * @description The split to embed; null: all images
             * @default null
             */
            split?: string | null;
            /**
             * @description `npy`: embeddings.npy, [N, D] little-endian f32, and ids.jsonl, a line a row; `parquet`: embeddings.parquet of id, path, split, label, embedding (list<float>); `csv`: embeddings.csv, the same with a column a value
             * @default npy
             * @enum {string}
             */
            format?: "npy" | "parquet" | "csv";
            /**
             * @description Whether each row is scaled to unit Euclidean length
             * @default false
             */
            normalize?: boolean;
            /**
             * @description Whether the result has `quality`, which needs no labels: RankMe, uniformity, alignment, feature_std
             * @default false
             */
            quality?: boolean;
        };
        /** @description A name, or both views' distributions in full; where it is left out `byol`, and `cifar` for views of at most 64 pixels */
        Augmentation: ("byol" | "byol-symmetric" | "cifar" | "grayscale" | "none") | {
            view1: components["schemas"]["ViewAugmentation"];
            view2: components["schemas"]["ViewAugmentation"];
        };
        /** @description Plain numbers are probabilities, unless they are a strength of `jitter` */
        ViewAugmentation: {
            /** @description The crop's area as a share of the image's, and its width over its height, drawn evenly by its logarithm: each [least, most] */
            crop: {
                area: [
                    number,
                    number
                ];
                aspect: [
                    number,
                    number
                ];
            };
            flip: number;
            /** @description Brightness adds up to ± its strength; contrast and saturation multiply by 1 ± theirs; hue turns by ± its share of a circle */
            jitter: {
                probability: number;
                brightness: number;
                contrast: number;
                saturation: number;
                hue: number;
            };
            grayscale: number;
            /** @description The deviation is drawn in pixels; the kernel's length follows from `px` */
            blur: {
                probability: number;
                sigma: [
                    number,
                    number
                ];
            };
            solarize: number;
        };
        ModelAlias: {
            /** @description The checkpoint that it names from now on */
            checkpoint: string;
        };
        EmbeddingRequest: {
            /** @description An alias, or a checkpoint's id */
            model: string;
            /**
             * @description base64: of little-endian f32
             * @default float
             * @enum {string}
             */
            encoding_format?: "float" | "base64";
            /** @description As many as the model has, or left out */
            dimensions?: number;
            /**
             * @description Whether embeddings are scaled to unit length
             * @default false
             */
            normalize?: boolean;
            /**
             * @description Whether the good images are answered where others are bad, which are listed in `errors` then
             * @default false
             */
            partial?: boolean;
            /** @description One image, or at most 2048: data URIs, base64, or {"image": …} of either */
            input: (string | {
                image: string;
            }) | (string | {
                image: string;
            })[];
            /** @description Sent by clients of other servers, and of no effect here */
            user?: string;
            /** @constant */
            modality?: "image";
        };
        ClassificationRequest: {
            /** @description An alias, or a checkpoint's id */
            model: string;
            /**
             * @description Whether the good images are answered where others are bad, which are listed in `errors` then
             * @default false
             */
            partial?: boolean;
            /** @description One image, or at most 2048: data URIs, base64, or {"image": …} of either */
            input: (string | {
                image: string;
            }) | (string | {
                image: string;
            })[];
            /**
             * @description Labels of each image, the likeliest first; all if there are fewer. Times images at most 65536
             * @default 5
             */
            top_k?: number;
        };
        NeighborRequest: {
            /** @description An alias, or a checkpoint's id */
            model: string;
            /** @description Whose images are searched */
            dataset: string;
            /**
             * @description Neighbours of each input; of all together at most 8192
             * @default 10
             */
            k?: number;
            /** @description The split that is searched; all, if not given */
            split?: string;
            /** @description One, or at most 64: images as embeddings take them, or {"item": n} of the dataset itself */
            input: ((string | {
                image: string;
            }) | {
                item: number;
            }) | ((string | {
                image: string;
            }) | {
                item: number;
            })[];
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            instance: string;
            errors?: {
                detail: string;
                pointer?: string;
            }[];
            /** @description Of `index_in_the_making`: how many of the dataset's images are embedded, once that is known */
            progress?: {
                done: number;
                total: number;
            };
            error: {
                message: string;
                type: string;
                param: string | null;
                code: string;
            };
        };
        Dataset: {
            id: string;
            /** @enum {string} */
            object: "dataset";
            name: string;
            /** @enum {string} */
            status: "ingesting" | "ready" | "failed";
            counts: {
                images: number;
                rejected: number;
                bytes: number;
            };
            splits: {
                [key: string]: {
                    images: number;
                    classes: {
                        [key: string]: number;
                    };
                };
            };
            channel_mean: [
                number,
                number,
                number
            ] | null;
            channel_std: [
                number,
                number,
                number
            ] | null;
            fingerprint: string | null;
            duplicates: {
                within: number;
                across: number;
                across_with_labels: {
                    labels: {
                        split: string;
                        class: string | null;
                    }[];
                    contents: number;
                }[];
            } | null;
            warnings: {
                /** @enum {string} */
                code: "degenerate_dataset" | "part_failed";
                message: string;
            }[];
            settings: {
                short_side: number;
                max_rejected: number;
                originals?: boolean;
                /** @enum {string} */
                format?: "imagefolder" | "webdataset" | "cifar10" | "parquet";
            };
            progress?: {
                images: number;
                rejected: number;
                bytes_read: number;
                bytes_total: number;
                images_per_s: number;
                eta_s: number | null;
            };
            created_at: string;
            error?: {
                code: string;
                message: string;
            };
        };
        DatasetItem: {
            n: number;
            path: string;
            split: string;
            class: string | null;
            width: number;
            height: number;
        };
        RejectedFile: {
            path: string;
            reason: string;
        };
        DuplicateGroup: {
            images: number;
            items: {
                split: string;
                class: string | null;
                n: number;
                path: string;
            }[];
        };
        DatasetColumns: {
            /** @enum {string} */
            object: "columns";
            dataset: string;
            fingerprint: string;
            items: number;
            splits: string[];
            classes: string[];
            /** @description Each item's split, by its place in `splits`: base64, little-endian */
            split: {
                /** @enum {string} */
                dtype: "uint8";
                data: string;
            };
            /** @description Each item's class, by its place in `classes`, −1 for none: likewise */
            class: {
                /** @enum {string} */
                dtype: "int16" | "int32";
                data: string;
            };
        };
        AtlasLayout: {
            /** @enum {string} */
            object: "atlases";
            dataset: string;
            fingerprint: string;
            items: number;
            px: number;
            /** @description Thumbnails in a row */
            columns: number;
            /** @description Thumbnails of each: the last one has as much room, black */
            per_atlas: number;
            count: number;
            /** @enum {string} */
            media_type: "image/webp";
        };
        Job: {
            id: string;
            /** @enum {string} */
            object: "job";
            /** @enum {string} */
            kind: "pretrain" | "knn" | "linear_probe" | "finetune" | "embed";
            /** @enum {string} */
            status: "queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled";
            dataset: string;
            config: {
                [key: string]: unknown;
            };
            /** @description JSON pointers into `config` of the fields that were sent, the others being filled in; null: not known */
            given: string[] | null;
            metadata: {
                [key: string]: string;
            };
            progress: {
                step: number;
                total_steps: number;
                epoch: number;
                images_per_s: number;
                eta_s: number | null;
            } | null;
            /** @description Each figure as it was told last */
            metrics: {
                [key: string]: number;
            } | null;
            result: {
                [key: string]: unknown;
            } | null;
            attempt: number;
            error?: {
                code: string;
                message: string;
            };
            created_at: string;
            started_at: string | null;
            finished_at: string | null;
        };
        JobEstimate: {
            /** @enum {string} */
            object: "estimate";
            /** @enum {string} */
            kind: "pretrain" | "knn" | "linear_probe" | "finetune" | "embed";
            /** @description Every default filled in, as the job would show it */
            config: {
                [key: string]: unknown;
            };
            /** @description JSON pointers into `config` of the fields that were sent, the others being filled in */
            given: string[];
            /** @description Null where it is not known: `basis.memory` says why */
            memory: {
                /** @description Of the GPU's memory; null if it cannot bind what the job would make, whatever it has */
                bytes: number | null;
                /** @description What a job may take of it; null if only trying tells */
                available_bytes: number | null;
                fits: boolean;
                /** @description The largest `batch` that fits, with `micro_batch` of that; null if none does, and for kinds without a batch */
                largest_batch: number | null;
                /** @description Why `POST /v1/jobs` would refuse it (`does_not_fit`) */
                detail: string | null;
            } | null;
            /** @description As `total_steps` of the job's progress; null where it is not known */
            steps: number | null;
            /** @description Null for kinds that have no epochs, or where it is not known */
            steps_per_epoch: number | null;
            /** @description Null for kinds without epochs, or as `seconds` */
            seconds_per_epoch: number | null;
            /** @description Null where nothing alike has run here: `basis.time` says why */
            seconds: number | null;
            /** @description What either is built on, in words */
            basis: {
                memory: string;
                time: string;
            };
        };
        MetricColumns: {
            /** @enum {string} */
            object: "metrics";
            /** @description How many there are, before `points` made them fewer */
            rows: number;
            columns: {
                step: number[];
                created_at: string[];
            } & {
                [key: string]: (number | null)[];
            };
        };
        JobEvent: {
            seq: number;
            job: string;
            /** @enum {string} */
            type: "status" | "metrics" | "checkpoint" | "message";
            data: {
                [key: string]: unknown;
            };
            created_at: string;
        };
        Checkpoint: {
            id: string;
            /** @enum {string} */
            object: "checkpoint";
            /** @description What made it; null if it was imported */
            job: string | null;
            arch: string;
            px: number;
            step: number;
            epoch: number;
            metrics: {
                [key: string]: number;
            };
            files: {
                name: string;
                bytes: number;
                sha256: string;
            }[];
            created_at: string;
        };
        Evaluation: {
            /** @enum {string} */
            object: "evaluation";
            checkpoint: string;
            /** @description The checkpoint's */
            step: number;
            /** @enum {string} */
            kind: "knn" | "linear_probe" | "finetune" | "embed" | "online_knn";
            /** @description What found it out: of an online one the job that made the checkpoint */
            job: string;
            dataset: string;
            /** @description The split that it is of; null: all images */
            split: string | null;
            /** @description Shares, 0 … 1: `top1`, `top5`, `mean_per_class`; and whatever was told of label-free quality */
            metrics: {
                [key: string]: number;
            };
            /** @description What the figures depend on */
            protocol: {
                [key: string]: unknown;
            };
            created_at: string;
        };
        Model: {
            id: string;
            /** @enum {string} */
            object: "model";
            checkpoint: string;
            arch: string;
            dim: number;
            px: number;
            preprocessing: {
                px: number;
                channel_mean: [
                    number,
                    number,
                    number
                ];
                channel_std: [
                    number,
                    number,
                    number
                ];
            };
            /**
             * @description What it can do; whatever classifies embeds, too
             * @enum {string}
             */
            task: "embedding" | "classification";
            /** @description How many classes it tells apart; 0 if it only embeds */
            labels: number;
            /** @enum {string} */
            owned_by: "latentd";
            created: number;
            /** @description What names its checkpoint */
            aliases: string[];
            /** @description Of an alias, the checkpoint that it named before; null if none, or if that is gone */
            previous: string | null;
            /** @description Whether it is held ready: no request waits for it */
            resident: boolean;
            /** @description Of its checkpoint's requests in the last five minutes, a thousand at most: from when one had been read to its rows, decoding and waiting included; null where there were none */
            latency: {
                requests: number;
                images: number;
                p50_ms: number;
                p99_ms: number;
            } | null;
        };
        EmbeddingList: {
            /** @enum {string} */
            object: "list";
            model: string;
            data: {
                /** @enum {string} */
                object: "embedding";
                index: number;
                embedding: number[] | string;
            }[];
            usage: {
                prompt_tokens: number;
                total_tokens: number;
                images: number;
            };
            /** @description With `partial`: the images that have no entry, and why */
            errors?: {
                index: number;
                code: string;
                detail: string;
                pointer: string;
            }[];
        };
        ClassificationList: {
            /** @enum {string} */
            object: "list";
            model: string;
            data: {
                index: number;
                labels: {
                    label: string;
                    score: number;
                }[];
            }[];
            usage: {
                prompt_tokens: number;
                total_tokens: number;
                images: number;
            };
            /** @description With `partial`: the images that have no entry, and why */
            errors?: {
                index: number;
                code: string;
                detail: string;
                pointer: string;
            }[];
        };
        NeighborList: {
            /** @enum {string} */
            object: "list";
            model: string;
            dataset: string;
            /** @enum {string} */
            metric: "cosine";
            data: {
                /** @enum {string} */
                object: "neighbors";
                index: number;
                neighbors: components["schemas"]["Neighbor"][];
            }[];
            usage: {
                prompt_tokens: number;
                total_tokens: number;
                images: number;
            };
        };
        Neighbor: {
            /** @description Its number among the dataset's items */
            n: number;
            path: string;
            split: string;
            class: string | null;
            /** @description Cosine of the two embeddings, −1 … 1 */
            similarity: number;
            /** @description 1 − similarity */
            distance: number;
        };
        Projection: {
            /** @enum {string} */
            object: "projection";
            model: string;
            checkpoint: string;
            dataset: string;
            /** @enum {string} */
            status: "ready";
            /** @description The dataset's, when it was made */
            fingerprint: string;
            /** @description Rows, in the order of the dataset's items */
            items: number;
            /** @description Of the embeddings */
            dim: number;
            components: number;
            /** @description Of each component */
            explained_variance: number[];
            /** @description Its share of all variance */
            explained_variance_ratio: number[];
            /** @description Of the embeddings: where the projection is 0 */
            mean: number[];
            /** @description A row an item; null where that is more than 20000 numbers: ask for application/x-npy */
            data: number[][] | null;
        };
        ProjectionInTheMaking: {
            /** @enum {string} */
            object: "projection";
            model: string;
            checkpoint: string;
            dataset: string;
            /** @enum {string} */
            status: "computing";
            /** @enum {string} */
            stage: "waiting" | "embedding" | "projecting";
            /** @description Images, of this stage */
            done: number;
            total: number;
            eta_s: number | null;
        };
        Backup: {
            id: string;
            /** @enum {string} */
            object: "backup";
            /** @description Its directory under DATA_DIR; it has the shape of a DATA_DIR */
            path: string;
            datasets: number;
            checkpoints: number;
            /** @description Of all files; most are links to those in use */
            bytes: number;
            /** @description Listed by the database, and not on the disk */
            missing: string[];
            created_at: string;
        };
        System: {
            /** @enum {string} */
            object: "system";
            versions: {
                latentd: string;
                deno: string;
                v8: string;
            };
            started_at: string;
            uptime_s: number;
            provider: string;
            workers: {
                role: string;
                up: boolean;
                restarts: number;
                adapter: {
                    provider: string;
                    description: string;
                    vendor: string;
                    device: string;
                    driver: string;
                    software: boolean;
                    features: string[];
                    limits: {
                        [key: string]: number;
                    };
                } | null;
                resident_bytes: number | null;
                gpu_held_bytes: number | null;
                gpu_planned_bytes: number | null;
                /** @description By `GPU_PROVIDER=auto`, of the worker that trains: who computes in mixed precision, and why */
                mixed: string | null;
                models: {
                    checkpoint: string;
                    bytes: number;
                }[] | null;
            }[];
            queue: {
                depth: number;
                running: number;
                jobs: {
                    /** @enum {string} */
                    kind: "pretrain" | "knn" | "linear_probe" | "finetune" | "embed";
                    /** @enum {string} */
                    status: "queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled";
                    count: number;
                }[];
            };
            datasets: {
                /** @enum {string} */
                status: "ingesting" | "ready" | "failed";
                count: number;
            }[];
            disk: {
                free_bytes: number;
                total_bytes: number;
                used_bytes: {
                    datasets?: number;
                    checkpoints?: number;
                    neighbors?: number;
                    atlases?: number;
                    results?: number;
                    uploads?: number;
                    database?: number;
                    other?: number;
                };
            } | null;
            memory: {
                resident_bytes: number;
                heap_used_bytes: number;
                machine_total_bytes: number;
                machine_available_bytes: number;
            };
            /** @description What `deno task doctor` would say of the disk and of Vulkan, a minute old at most, and how the workers are */
            findings: {
                /** @enum {string} */
                severity: "ok" | "warning" | "error";
                check: string;
                message: string;
                /** @description What to do, or one of these */
                remedy: string[];
            }[];
            settings: {
                [key: string]: string;
            };
        };
        Key: {
            /** @enum {string} */
            object: "key";
            /** @description Null where the server has no keys */
            name: string | null;
            /** @description `admin` has all; without keys everybody has */
            scopes: ("read" | "embed" | "train" | "admin")[];
        };
    };
    responses: {
        /** @description The request cannot be read as what it claims to be */
        Malformed: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The operation needs a key */
        Unauthorized: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                /** @description How to show a key */
                "WWW-Authenticate": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not for this caller, or not here */
        Forbidden: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing, as there is none of a malformed id */
        NotFound: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description What was to come of the body did not, in time */
        Timeout: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The object's state does not allow it */
        Conflict: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The upload has expired */
        Expired: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Tus-Resumable must be 1.0.0 */
        WrongProtocol: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description More bytes, or more images, than are accepted */
        TooLarge: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The Content-Type is none of those accepted */
        UnsupportedMediaType: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The range is outside the file */
        RangeNotSatisfiable: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Without keys only the server's own names are answered to */
        Misdirected: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It can be read, but is wrong; every mistake is in `errors` */
        Invalid: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Another request is writing to the upload */
        Locked: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description As many wait as may, or as many were asked for as the rate allows */
        TooMany: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                /** @description Seconds after which to try again */
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A fault of the server, which its log describes under the request's id */
        Internal: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An extension of tus that this server has not */
        NotSupported: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description What it needs is not up */
        NotReady: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                /** @description Seconds after which to try again */
                "Retry-After": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description It was not done in the time that a request may take */
        Overdue: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no room for it */
        DiskFull: {
            headers: {
                /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                "X-Request-Id": string;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    isLive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            421: components["responses"]["Misdirected"];
            500: components["responses"]["Internal"];
        };
    };
    isReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "ok";
                    };
                };
            };
            421: components["responses"]["Misdirected"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
        };
    };
    listDatasets: {
        parameters: {
            query?: {
                /** @description The id that the page before ended with */
                after?: string;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Datasets */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Dataset"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    createDataset: {
        parameters: {
            query?: {
                /** @description Needed with an upload */
                name?: string;
                /** @description Images whose shorter side is longer are shrunk to this; others are kept as they are */
                short_side?: number;
                /** @description The share of files that may be no images; with more the dataset fails */
                max_rejected?: number;
                /** @description Whether the images' files are kept as they came, beside their pixels */
                originals?: "true" | "false";
                /** @description What the upload is to be read as; told by its bytes where it is not given */
                format?: "imagefolder" | "webdataset" | "cifar10" | "parquet";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-tar": BodyInit;
                "application/gzip": BodyInit;
                "application/zip": BodyInit;
                "application/vnd.apache.parquet": BodyInit;
                "multipart/form-data": {
                    [key: string]: BodyInit;
                };
                "application/json": components["schemas"]["DatasetImport"];
            };
        };
        responses: {
            /** @description Kept, and being ingested */
            201: {
                headers: {
                    /** @description Its path */
                    Location: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            507: components["responses"]["DiskFull"];
        };
    };
    addDatasetPart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/x-tar": BodyInit;
                "application/gzip": BodyInit;
                "application/zip": BodyInit;
                "application/vnd.apache.parquet": BodyInit;
                "multipart/form-data": {
                    [key: string]: BodyInit;
                };
            };
        };
        responses: {
            /** @description Kept, and being ingested */
            202: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    getDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The dataset */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    deleteDataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    listDatasetItems: {
        parameters: {
            query?: {
                /** @description The number that the page before ended with */
                after?: number;
                /** @description The most that are answered */
                limit?: number;
                /** @description Only this split's */
                split?: string;
                /** @description Only this class's */
                class?: string;
                /** @description How many of them are passed over: for whoever goes to a place far down */
                offset?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Images' entries; `after` is an entry's n */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["DatasetItem"][];
                        has_more: boolean;
                        /** @description How many there are of that split and class */
                        total: number;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getDatasetImage: {
        parameters: {
            query?: {
                /** @description Shrinks the image until its longer side is at most this */
                px?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
                /** @description The image's number, `n` of its entry */
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The image */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "image/png": BodyInit;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getDatasetOriginal: {
        parameters: {
            query?: never;
            header?: {
                /** @description With the ETag the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
                /** @description The image's number, `n` of its entry */
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "image/*": BodyInit;
                    "application/octet-stream": BodyInit;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listRejectedFiles: {
        parameters: {
            query?: {
                /** @description The number that the page before ended with */
                after?: number;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rejected files; `after` is a place in the list */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["RejectedFile"][];
                        has_more: boolean;
                        /** @description Of all of them, the most frequent first, twenty at most; # stands for a number */
                        reasons: {
                            reason: string;
                            files: number;
                        }[];
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listDuplicates: {
        parameters: {
            query?: {
                /** @description The number that the page before ended with */
                after?: number;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Contents; `after` is a place in the list */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["DuplicateGroup"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getDatasetViews: {
        parameters: {
            query?: {
                /** @description The image's number, `n` of its entry */
                item?: number;
                /** @description The run's: another one draws other views */
                seed?: number;
                /** @description The augmentation; `byol`, and `cifar` for views of at most 64 pixels, where it is not given */
                preset?: "byol" | "byol-symmetric" | "cifar" | "grayscale" | "none";
                /** @description As a config has it, in JSON: a name, or an object of `view1` and `view2`; instead of `preset` */
                augmentation?: string;
                /** @description How many: of the first epochs, one each */
                pairs?: number;
                /** @description A view's width and height; 224, and 32 for an image whose shorter side is at most 64 pixels */
                px?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description View 1 on the left, view 2 on the right, pairs one below another, four white pixels between all */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "image/png": BodyInit;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
        };
    };
    getDatasetColumns: {
        parameters: {
            query?: {
                /** @description The dataset's, as it is: then the answer may be kept for ever. Another one is refused (409, `dataset_changed`) */
                fingerprint?: string;
            };
            header?: {
                /** @description With the ETag the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The columns */
            200: {
                headers: {
                    /** @description Another one where the dataset is another */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetColumns"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description Another one where the dataset is another */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getAtlasLayout: {
        parameters: {
            query?: {
                /** @description A thumbnail's width and height */
                px?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The layout */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AtlasLayout"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getAtlas: {
        parameters: {
            query?: {
                /** @description A thumbnail's width and height */
                px?: number;
                /** @description The dataset's, as it is: then the answer may be kept for ever. Another one is refused (409, `dataset_changed`) */
                fingerprint?: string;
            };
            header?: {
                /** @description With the ETag the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
                /** @description The image's number, `n` of its entry */
                n: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The atlas */
            200: {
                headers: {
                    /** @description Another one where the dataset is another */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "image/webp": BodyInit;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description Another one where the dataset is another */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    createUpload: {
        parameters: {
            query?: never;
            header: {
                "Tus-Resumable": "1.0.0";
                /** @description its bytes */
                "Upload-Length": string;
                /** @description `sha256` and, in base64, 64 hexadecimal digits: held against it once it is finished */
                "Upload-Metadata"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Begun; Location names it */
            201: {
                headers: {
                    "Tus-Resumable": "1.0.0";
                    /** @description where its bytes go */
                    Location: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            412: components["responses"]["WrongProtocol"];
            413: components["responses"]["TooLarge"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            501: components["responses"]["NotSupported"];
            507: components["responses"]["DiskFull"];
        };
    };
    deleteUpload: {
        parameters: {
            query?: never;
            header: {
                "Tus-Resumable": "1.0.0";
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Gone */
            204: {
                headers: {
                    "Tus-Resumable": "1.0.0";
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["WrongProtocol"];
            421: components["responses"]["Misdirected"];
            423: components["responses"]["Locked"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getUpload: {
        parameters: {
            query?: never;
            header: {
                "Tus-Resumable": "1.0.0";
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description So far */
            200: {
                headers: {
                    "Tus-Resumable": "1.0.0";
                    /** @description how many bytes are there */
                    "Upload-Offset": string;
                    /** @description its bytes */
                    "Upload-Length": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            410: components["responses"]["Expired"];
            412: components["responses"]["WrongProtocol"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    continueUpload: {
        parameters: {
            query?: never;
            header: {
                "Tus-Resumable": "1.0.0";
                /** @description where it is */
                "Upload-Offset": string;
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/offset+octet-stream": BodyInit;
            };
        };
        responses: {
            /** @description Durable */
            204: {
                headers: {
                    "Tus-Resumable": "1.0.0";
                    /** @description how many bytes are there */
                    "Upload-Offset": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            410: components["responses"]["Expired"];
            412: components["responses"]["WrongProtocol"];
            413: components["responses"]["TooLarge"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            423: components["responses"]["Locked"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description The id that the page before ended with */
                after?: string;
                /** @description The most that are answered */
                limit?: number;
                kind?: "pretrain" | "knn" | "linear_probe" | "finetune" | "embed";
                /** @description One or more: repeated, or with commas between them */
                status?: ("queued" | "running" | "paused" | "succeeded" | "failed" | "cancelled")[];
                /** @description Only those of this dataset */
                dataset?: string;
            };
            header?: {
                /** @description With the ETag of what is still so, 304 */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Jobs */
            200: {
                headers: {
                    /** @description Of this very answer */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Job"][];
                        has_more: boolean;
                    };
                };
            };
            /** @description Still what that ETag is of */
            304: {
                headers: {
                    /** @description Of this very answer */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    submitJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and body give the same job again; another body is refused (422). Without a key, the same body within a minute gives the same job until that has ended: a client's second try */
                "idempotency-key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobRequest"];
            };
        };
        responses: {
            /** @description Queued */
            202: {
                headers: {
                    /** @description Its path */
                    Location: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Cancelled */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    pauseJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Paused */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    resumeJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Queued */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    estimateJob: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JobRequest"];
            };
        };
        responses: {
            /** @description The estimate */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobEstimate"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listJobFiles: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Files */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            name: string;
                            bytes: number;
                            sha256: string;
                        }[];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getJobFile: {
        parameters: {
            query?: never;
            header?: {
                /** @description One range of bytes */
                range?: string;
                /** @description An ETag: with another one the range is ignored */
                "if-range"?: string;
                /** @description ETags: with the file's among them the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
                /** @description As the job lists it */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": BodyInit;
                    "application/json": unknown;
                    "application/jsonl": BodyInit;
                    "text/csv": BodyInit;
                    "application/x-npy": BodyInit;
                    "application/vnd.apache.parquet": BodyInit;
                };
            };
            /** @description The range asked for */
            206: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description Which bytes, and of how many */
                    "Content-Range": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": BodyInit;
                    "application/json": unknown;
                    "application/jsonl": BodyInit;
                    "text/csv": BodyInit;
                    "application/x-npy": BodyInit;
                    "application/vnd.apache.parquet": BodyInit;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            416: components["responses"]["RangeNotSatisfiable"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getJobMetrics: {
        parameters: {
            query?: {
                /** @description `columns`: an array for each column, which is a tenth of the bytes */
                format?: "json" | "csv" | "columns";
                /** @description Only these columns, with commas between them, and the step; rows that have none of them are left out. Left out itself, every column that the job has */
                columns?: string;
                /** @description Only rows of later steps */
                after_step?: number;
                /** @description Only rows of earlier steps */
                before_step?: number;
                /** @description At most so many rows, by which a curve looks as by all of them: two for each stretch, of its first and its last step, where each column has its least and its greatest value in that stretch, in the order in which they came */
                points?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Rows, in order */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: {
                            [key: string]: unknown;
                        }[];
                        has_more: boolean;
                    } | components["schemas"]["MetricColumns"];
                    "text/csv": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    followJob: {
        parameters: {
            query?: {
                /** @description The number that the page before ended with */
                after?: number;
                /** @description The most that are answered */
                limit?: number;
                /** @description Of a list: `desc` begins with the last event, and `after` is where the page before ended */
                order?: "asc" | "desc";
                /** @description Of a list with `order=desc`: only these; repeated, or with commas between them */
                type?: ("status" | "metrics" | "checkpoint" | "message")[];
            };
            header?: {
                /** @description As `after`, and stronger; a stream cannot begin after an event that is yet to come (400) */
                "last-event-id"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, in order; a stream closes after the job's last one */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example id: 1
                     *     event: status
                     *     data: {"seq":1,"job":"job_01M88C9R8V9HN5FSP8B2PHJQAD","type":"status","data":{"status":"queued"},"created_at":"2026-11-28T10:00:00.000Z"}
                     */
                    "text/event-stream": string;
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["JobEvent"][];
                        has_more: boolean;
                    };
                };
            };
            /** @description The job has ended and there is nothing after that event: do not reconnect */
            204: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listCheckpoints: {
        parameters: {
            query?: {
                /** @description The id that the page before ended with */
                after?: string;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Checkpoints */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Checkpoint"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    importCheckpoint: {
        parameters: {
            query?: {
                /** @description The encoder; left out, the one that the tensors' shapes tell */
                arch?: "cifar_resnet8" | "cifar_resnet20" | "cifar_resnet32" | "cifar_resnet44" | "cifar_resnet56" | "resnet18" | "resnet18-cifar" | "resnet18x2" | "resnet18x2-cifar" | "resnet18x3" | "resnet18x3-cifar" | "resnet18x4" | "resnet18x4-cifar" | "resnet34" | "resnet34-cifar" | "resnet34x2" | "resnet34x2-cifar" | "resnet34x3" | "resnet34x3-cifar" | "resnet34x4" | "resnet34x4-cifar" | "resnet50" | "resnet50-cifar" | "resnet50x2" | "resnet50x2-cifar" | "resnet50x3" | "resnet50x3-cifar" | "resnet50x4" | "resnet50x4-cifar" | "resnet101" | "resnet101-cifar" | "resnet101x2" | "resnet101x2-cifar" | "resnet101x3" | "resnet101x3-cifar" | "resnet101x4" | "resnet101x4-cifar" | "resnet152" | "resnet152-cifar" | "resnet152x2" | "resnet152x2-cifar" | "resnet152x3" | "resnet152x3-cifar" | "resnet152x4" | "resnet152x4-cifar" | "resnet200" | "resnet200-cifar" | "resnet200x2" | "resnet200x2-cifar" | "resnet200x3" | "resnet200x3-cifar" | "resnet200x4" | "resnet200x4-cifar";
                /** @description The side of images that it embeds; 224 by default, and 32 for encoders of small images */
                px?: number;
                /** @description Of the channels, from 0 to 1; ImageNet's by default */
                mean?: string;
                /** @description Of the channels; ImageNet's by default */
                std?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": BodyInit;
                "application/x-safetensors": BodyInit;
            };
        };
        responses: {
            /** @description Imported, and on disk; with `fc.*` in it, it classifies, too */
            201: {
                headers: {
                    /** @description Its path */
                    Location: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            408: components["responses"]["Timeout"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            507: components["responses"]["DiskFull"];
        };
    };
    listJobCheckpoints: {
        parameters: {
            query?: {
                /** @description The id that the page before ended with */
                after?: string;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Checkpoints */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Checkpoint"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checkpoint */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Checkpoint"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    deleteCheckpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    getCheckpointFile: {
        parameters: {
            query?: {
                /** @description Whose files: `torchvision`'s are the kept ones, `timm`'s load by `timm.create_model("local-dir:…")`, `transformers`' by `AutoModel.from_pretrained` */
                layout?: "torchvision" | "timm" | "transformers";
            };
            header?: {
                /** @description One range of bytes */
                range?: string;
                /** @description An ETag: with another one the range is ignored */
                "if-range"?: string;
                /** @description ETags: with the file's among them the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
                /** @description As the checkpoint lists it; or `model.onnx`, or one of the layout's files, made on demand */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": BodyInit;
                    "application/json": unknown;
                };
            };
            /** @description The range asked for */
            206: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description Which bytes, and of how many */
                    "Content-Range": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": BodyInit;
                    "application/json": unknown;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            416: components["responses"]["RangeNotSatisfiable"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getCheckpointArchive: {
        parameters: {
            query?: {
                /** @description Whose files: `torchvision`'s are the kept ones, `timm`'s load by `timm.create_model("local-dir:…")`, `transformers`' by `AutoModel.from_pretrained`, `onnx` is `model.onnx` alone */
                layout?: "torchvision" | "timm" | "transformers" | "onnx";
            };
            header?: {
                /** @description One range of bytes */
                range?: string;
                /** @description An ETag: with another one the range is ignored */
                "if-range"?: string;
                /** @description ETags: with the file's among them the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": BodyInit;
                };
            };
            /** @description The range asked for */
            206: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description What to save it as */
                    "Content-Disposition": string;
                    /** @description Which bytes, and of how many */
                    "Content-Range": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": BodyInit;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description The file's SHA-256, quoted */
                    ETag: string;
                    "Accept-Ranges": "bytes";
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            416: components["responses"]["RangeNotSatisfiable"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listCheckpointEvaluations: {
        parameters: {
            query?: {
                /** @description Left out, Markdown where `Accept` asks for text/markdown, and JSON otherwise */
                format?: "json" | "markdown";
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Evaluation"][];
                        has_more: boolean;
                    };
                    "text/markdown": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listJobEvaluations: {
        parameters: {
            query?: {
                /** @description Left out, Markdown where `Accept` asks for text/markdown, and JSON otherwise */
                format?: "json" | "markdown";
            };
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Evaluation"][];
                        has_more: boolean;
                    };
                    "text/markdown": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    listModels: {
        parameters: {
            query?: {
                /** @description The id that the page before ended with */
                after?: string;
                /** @description The most that are answered */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Models; aliases are on the first page */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Model"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    setModelAlias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelAlias"];
            };
        };
        responses: {
            /** @description The model */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    deleteModelAlias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Dropped */
            204: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    createEmbeddings: {
        parameters: {
            query?: {
                /** @description An alias, or a checkpoint's id. Where the body is no JSON */
                model?: string;
                /** @description base64: of little-endian f32. Where the body is no JSON */
                encoding_format?: "float" | "base64";
                /** @description As many as the model has, or left out. Where the body is no JSON */
                dimensions?: number;
                /** @description Whether embeddings are scaled to unit length. Where the body is no JSON */
                normalize?: "true" | "false";
                /** @description Whether the good images are answered where others are bad, which are listed in `errors` then. Where the body is no JSON */
                partial?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EmbeddingRequest"];
                "image/jpeg": BodyInit;
                "image/png": BodyInit;
                "image/gif": BodyInit;
                "image/tiff": BodyInit;
                "image/webp": BodyInit;
                "image/bmp": BodyInit;
                "multipart/form-data": {
                    /** @description An alias, or a checkpoint's id */
                    model?: string;
                    /**
                     * @description base64: of little-endian f32
                     * @default float
                     * @enum {string}
                     */
                    encoding_format?: "float" | "base64";
                    /** @description As many as the model has, or left out */
                    dimensions?: number;
                    /**
                     * @description Whether embeddings are scaled to unit length
                     * @default false
                     * @enum {string}
                     */
                    normalize?: "true" | "false";
                    /**
                     * @description Whether the good images are answered where others are bad, which are listed in `errors` then
                     * @default false
                     * @enum {string}
                     */
                    partial?: "true" | "false";
                } & {
                    [key: string]: BodyInit;
                };
            };
        };
        responses: {
            /** @description One embedding an image, in order */
            200: {
                headers: {
                    /** @description Milliseconds that decoding, waiting, loading the model and the GPU took */
                    "Server-Timing": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EmbeddingList"];
                    "application/x-npy": BodyInit;
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            504: components["responses"]["Overdue"];
        };
    };
    createClassifications: {
        parameters: {
            query?: {
                /** @description An alias, or a checkpoint's id. Where the body is no JSON */
                model?: string;
                /** @description Labels of each image, the likeliest first; all if there are fewer. Times images at most 65536. Where the body is no JSON */
                top_k?: number;
                /** @description Whether the good images are answered where others are bad, which are listed in `errors` then. Where the body is no JSON */
                partial?: "true" | "false";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClassificationRequest"];
                "image/jpeg": BodyInit;
                "image/png": BodyInit;
                "image/gif": BodyInit;
                "image/tiff": BodyInit;
                "image/webp": BodyInit;
                "image/bmp": BodyInit;
                "multipart/form-data": {
                    /** @description An alias, or a checkpoint's id */
                    model?: string;
                    /**
                     * @description Labels of each image, the likeliest first; all if there are fewer. Times images at most 65536
                     * @default 5
                     */
                    top_k?: number;
                    /**
                     * @description Whether the good images are answered where others are bad, which are listed in `errors` then
                     * @default false
                     * @enum {string}
                     */
                    partial?: "true" | "false";
                } & {
                    [key: string]: BodyInit;
                };
            };
        };
        responses: {
            /** @description The likeliest labels of each image, in order; scores are a softmax */
            200: {
                headers: {
                    /** @description Milliseconds that decoding, waiting, loading the model and the GPU took */
                    "Server-Timing": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClassificationList"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            504: components["responses"]["Overdue"];
        };
    };
    findNeighbors: {
        parameters: {
            query?: {
                /** @description An alias, or a checkpoint's id. Where the body is no JSON */
                model?: string;
                /** @description Whose images are searched. Where the body is no JSON */
                dataset?: string;
                /** @description Neighbours of each input; of all together at most 8192. Where the body is no JSON */
                k?: number;
                /** @description The split that is searched; all, if not given. Where the body is no JSON */
                split?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NeighborRequest"];
                "image/jpeg": BodyInit;
                "image/png": BodyInit;
                "image/gif": BodyInit;
                "image/tiff": BodyInit;
                "image/webp": BodyInit;
                "image/bmp": BodyInit;
                "multipart/form-data": {
                    /** @description An alias, or a checkpoint's id */
                    model?: string;
                    /** @description Whose images are searched */
                    dataset?: string;
                    /**
                     * @description Neighbours of each input; of all together at most 8192
                     * @default 10
                     */
                    k?: number;
                    /** @description The split that is searched; all, if not given */
                    split?: string;
                } & {
                    [key: string]: BodyInit;
                };
            };
        };
        responses: {
            /** @description The neighbours of each input, in order */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NeighborList"];
                };
            };
            400: components["responses"]["Malformed"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            408: components["responses"]["Timeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            507: components["responses"]["DiskFull"];
        };
    };
    getProjection: {
        parameters: {
            query: {
                /** @description An alias, or a checkpoint's id */
                model: string;
                /** @description How many; at most as many as the embeddings have dimensions */
                components?: number;
            };
            header?: {
                /** @description With the ETag the answer is 304 */
                "if-none-match"?: string;
            };
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The projection; with `Accept: application/x-npy` its values alone, f32 [items, components] */
            200: {
                headers: {
                    /** @description Another one where the values are others */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Projection"];
                    "application/x-npy": BodyInit;
                };
            };
            /** @description It is being made */
            202: {
                headers: {
                    /** @description Seconds */
                    "Retry-After": string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectionInTheMaking"];
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description Another one where the values are others */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            422: components["responses"]["Invalid"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            503: components["responses"]["NotReady"];
            507: components["responses"]["DiskFull"];
        };
    };
    listBackups: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        object: "list";
                        data: components["schemas"]["Backup"][];
                        has_more: boolean;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    createBackup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The backup, durable */
            201: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Backup"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            409: components["responses"]["Conflict"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
            507: components["responses"]["DiskFull"];
        };
    };
    deleteBackup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The object's id */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    scrapeMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every series */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getSystem: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The server as it is now */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["System"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    getKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its name and scopes */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    showDashboard: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the page one has */
                "if-none-match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    /** @description Of this build */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            /** @description Not modified */
            304: {
                headers: {
                    /** @description Of this build */
                    ETag: string;
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            421: components["responses"]["Misdirected"];
            500: components["responses"]["Internal"];
            /** @description It is not built; the page says how to */
            503: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
        };
    };
    getDashboardAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/javascript": BodyInit;
                    "text/css": BodyInit;
                };
            };
            404: components["responses"]["NotFound"];
            421: components["responses"]["Misdirected"];
            500: components["responses"]["Internal"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
    showDocs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    /** @description The request's id: the caller's own, if it is sound, or a fresh one */
                    "X-Request-Id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            421: components["responses"]["Misdirected"];
            429: components["responses"]["TooMany"];
            500: components["responses"]["Internal"];
        };
    };
}

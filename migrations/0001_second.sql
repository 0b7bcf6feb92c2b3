CREATE TABLE "thread_parties" (
	"instance_id" uuid NOT NULL,
	"thread_id" uuid NOT NULL,
	"address_id" uuid NOT NULL,
	"own" boolean NOT NULL,
	CONSTRAINT "thread_parties_thread_id_address_id_pk" PRIMARY KEY("thread_id","address_id")
);
--> statement-breakpoint
CREATE TABLE "thread_spans" (
	"instance_id" uuid NOT NULL,
	"thread_id" uuid NOT NULL,
	"position" integer NOT NULL,
	"since" timestamp (3) with time zone,
	"until" timestamp (3) with time zone,
	"conversation_id" uuid NOT NULL,
	"principals" uuid[] NOT NULL,
	"records" bigint DEFAULT 0 NOT NULL,
	"messages" bigint DEFAULT 0 NOT NULL,
	"calls" bigint DEFAULT 0 NOT NULL,
	"first_at" timestamp (3) with time zone,
	"last_at" timestamp (3) with time zone,
	"last_sequence" bigint,
	CONSTRAINT "thread_spans_thread_id_position_pk" PRIMARY KEY("thread_id","position")
);
--> statement-breakpoint
CREATE TABLE "threads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"account_id" uuid,
	"channels" text[] NOT NULL
);
--> statement-breakpoint
CREATE TABLE "event_aliases" (
	"instance_id" uuid NOT NULL,
	"alias" uuid NOT NULL,
	"event_key" uuid NOT NULL,
	CONSTRAINT "event_aliases_instance_id_alias_pk" PRIMARY KEY("instance_id","alias")
);
--> statement-breakpoint
ALTER TABLE "captures" ALTER COLUMN "account_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "records" ALTER COLUMN "account_id" DROP NOT NULL;--> statement-breakpoint
ALTER TABLE "attachments" ADD COLUMN "blob_id" text;--> statement-breakpoint
ALTER TABLE "thread_parties" ADD CONSTRAINT "thread_parties_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_parties" ADD CONSTRAINT "thread_parties_thread_id_threads_id_fk" FOREIGN KEY ("thread_id") REFERENCES "public"."threads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_spans" ADD CONSTRAINT "thread_spans_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_spans" ADD CONSTRAINT "thread_spans_thread_id_threads_id_fk" FOREIGN KEY ("thread_id") REFERENCES "public"."threads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "threads" ADD CONSTRAINT "threads_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_aliases" ADD CONSTRAINT "event_aliases_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "thread_parties_by_address" ON "thread_parties" USING btree ("instance_id","address_id");--> statement-breakpoint
CREATE INDEX "thread_spans_by_conversation" ON "thread_spans" USING btree ("instance_id","conversation_id");--> statement-breakpoint
CREATE INDEX "event_aliases_by_event" ON "event_aliases" USING btree ("instance_id","event_key");--> statement-breakpoint
UPDATE "receipts" SET "rank" = "rank" + CASE WHEN "rank" >= 9 THEN 4 ELSE 2 END;--> statement-breakpoint
UPDATE "messages" SET "status_rank" = "status_rank" + CASE WHEN "status_rank" >= 9 THEN 4 ELSE 2 END WHERE "status_rank" > 0;

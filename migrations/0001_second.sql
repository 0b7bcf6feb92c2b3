CREATE TABLE "sessions" (
	"account_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"state" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "alerts" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"reason" text NOT NULL,
	"subject" uuid NOT NULL,
	"detail" text NOT NULL,
	"opened_at" timestamp (3) with time zone NOT NULL,
	"closed_at" timestamp (3) with time zone
);
--> statement-breakpoint
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
CREATE TABLE "sink_inflow" (
	"sink_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"queued" bigint NOT NULL,
	"left_out" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sink_outflow" (
	"sink_id" uuid NOT NULL,
	"minute" timestamp (3) with time zone NOT NULL,
	"instance_id" uuid NOT NULL,
	"delivered" bigint NOT NULL,
	"failed" bigint NOT NULL,
	"last_delivered_at" timestamp (3) with time zone,
	CONSTRAINT "sink_outflow_sink_id_minute_pk" PRIMARY KEY("sink_id","minute")
);
--> statement-breakpoint
CREATE TABLE "media_jobs" (
	"attachment_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"leased_until" timestamp (3) with time zone,
	"lease_holder" uuid,
	"failure_kind" text,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "account_sending" (
	"account_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"next_at" timestamp (3) with time zone NOT NULL,
	"paused_until" timestamp (3) with time zone,
	"pauses" integer DEFAULT 0 NOT NULL,
	"failure_kind" text,
	"failure" text
);
--> statement-breakpoint
CREATE TABLE "consents" (
	"instance_id" uuid NOT NULL,
	"address_id" uuid NOT NULL,
	"own_address_id" uuid NOT NULL,
	"action" text NOT NULL,
	"sequence" bigint NOT NULL,
	CONSTRAINT "consents_instance_id_address_id_own_address_id_pk" PRIMARY KEY("instance_id","address_id","own_address_id")
);
--> statement-breakpoint
CREATE TABLE "media_links" (
	"token_hash" "bytea" PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"outbound_id" uuid NOT NULL,
	"upload_id" uuid NOT NULL,
	"expires_at" timestamp (3) with time zone NOT NULL,
	"fetches" integer DEFAULT 0 NOT NULL,
	"fetched_at" timestamp (3) with time zone
);
--> statement-breakpoint
CREATE TABLE "outbound_messages" (
	"id" uuid PRIMARY KEY NOT NULL,
	"position" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbound_messages_position_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"instance_id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"idempotency_id" uuid NOT NULL,
	"request_id" uuid NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sealed" "bytea" NOT NULL,
	"capture_id" uuid NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"changed_at" timestamp (3) with time zone NOT NULL,
	"reason" text,
	"explanation" text
);
--> statement-breakpoint
CREATE TABLE "uploads" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"blob_id" text NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "doors" (
	"instance_id" uuid PRIMARY KEY NOT NULL,
	"open_until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "reconciliations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"cause" text NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	"state" text NOT NULL,
	"gap" boolean NOT NULL,
	"listed_until" timestamp (3) with time zone NOT NULL,
	"observed" bigint DEFAULT 0 NOT NULL,
	"recorded" bigint DEFAULT 0 NOT NULL,
	"missing" bigint DEFAULT 0 NOT NULL,
	"late" bigint DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"failure_kind" text,
	"failure" text,
	"due_at" timestamp (3) with time zone NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"started_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone
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
ALTER TABLE "accounts" ADD COLUMN "expect_every_minutes" integer;--> statement-breakpoint
ALTER TABLE "sinks" ADD COLUMN "filter" jsonb;--> statement-breakpoint
ALTER TABLE "sinks" ADD COLUMN "stopped_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sinks" ADD COLUMN "failing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "journals" ADD COLUMN "unmatched" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "attachments" ADD COLUMN "blob_id" text;--> statement-breakpoint
ALTER TABLE "records" ADD COLUMN "custodian_ids" uuid[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "alerts" ADD CONSTRAINT "alerts_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_parties" ADD CONSTRAINT "thread_parties_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_parties" ADD CONSTRAINT "thread_parties_thread_id_threads_id_fk" FOREIGN KEY ("thread_id") REFERENCES "public"."threads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_spans" ADD CONSTRAINT "thread_spans_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "thread_spans" ADD CONSTRAINT "thread_spans_thread_id_threads_id_fk" FOREIGN KEY ("thread_id") REFERENCES "public"."threads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "threads" ADD CONSTRAINT "threads_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_inflow" ADD CONSTRAINT "sink_inflow_sink_id_sinks_id_fk" FOREIGN KEY ("sink_id") REFERENCES "public"."sinks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_inflow" ADD CONSTRAINT "sink_inflow_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_outflow" ADD CONSTRAINT "sink_outflow_sink_id_sinks_id_fk" FOREIGN KEY ("sink_id") REFERENCES "public"."sinks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_outflow" ADD CONSTRAINT "sink_outflow_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_attachment_id_attachments_id_fk" FOREIGN KEY ("attachment_id") REFERENCES "public"."attachments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_sending" ADD CONSTRAINT "account_sending_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "account_sending" ADD CONSTRAINT "account_sending_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "consents" ADD CONSTRAINT "consents_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_links" ADD CONSTRAINT "media_links_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_links" ADD CONSTRAINT "media_links_outbound_id_outbound_messages_id_fk" FOREIGN KEY ("outbound_id") REFERENCES "public"."outbound_messages"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_links" ADD CONSTRAINT "media_links_upload_id_uploads_id_fk" FOREIGN KEY ("upload_id") REFERENCES "public"."uploads"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outbound_messages" ADD CONSTRAINT "outbound_messages_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "outbound_messages" ADD CONSTRAINT "outbound_messages_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "uploads" ADD CONSTRAINT "uploads_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "doors" ADD CONSTRAINT "doors_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reconciliations" ADD CONSTRAINT "reconciliations_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "reconciliations" ADD CONSTRAINT "reconciliations_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_aliases" ADD CONSTRAINT "event_aliases_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "alerts_open" ON "alerts" USING btree ("instance_id","reason","subject") WHERE closed_at is null;--> statement-breakpoint
CREATE INDEX "alerts_by_instance" ON "alerts" USING btree ("instance_id","id");--> statement-breakpoint
CREATE INDEX "thread_parties_by_address" ON "thread_parties" USING btree ("instance_id","address_id");--> statement-breakpoint
CREATE INDEX "thread_spans_by_conversation" ON "thread_spans" USING btree ("instance_id","conversation_id");--> statement-breakpoint
CREATE INDEX "media_jobs_due" ON "media_jobs" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "media_links_by_expiry" ON "media_links" USING btree ("expires_at");--> statement-breakpoint
CREATE UNIQUE INDEX "outbound_by_idempotency" ON "outbound_messages" USING btree ("account_id","idempotency_id");--> statement-breakpoint
CREATE INDEX "outbound_by_instance" ON "outbound_messages" USING btree ("instance_id","position");--> statement-breakpoint
CREATE INDEX "outbound_waiting" ON "outbound_messages" USING btree ("account_id","position") WHERE state in ('requested', 'sending');--> statement-breakpoint
CREATE INDEX "uploads_by_instance" ON "uploads" USING btree ("instance_id");--> statement-breakpoint
CREATE UNIQUE INDEX "reconciliations_by_window" ON "reconciliations" USING btree ("account_id","cause","until");--> statement-breakpoint
CREATE INDEX "reconciliations_by_instance" ON "reconciliations" USING btree ("instance_id","id");--> statement-breakpoint
CREATE INDEX "reconciliations_due" ON "reconciliations" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "event_aliases_by_event" ON "event_aliases" USING btree ("instance_id","event_key");--> statement-breakpoint
CREATE INDEX "deliveries_oldest" ON "deliveries" USING btree ("sink_id","sequence") WHERE state = 'pending';--> statement-breakpoint
UPDATE "receipts" SET "rank" = "rank" + CASE WHEN "rank" >= 9 THEN 4 ELSE 2 END;--> statement-breakpoint
UPDATE "messages" SET "status_rank" = "status_rank" + CASE WHEN "status_rank" >= 9 THEN 4 ELSE 2 END WHERE "status_rank" > 0;

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
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_attachment_id_attachments_id_fk" FOREIGN KEY ("attachment_id") REFERENCES "public"."attachments"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "media_jobs" ADD CONSTRAINT "media_jobs_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "event_aliases" ADD CONSTRAINT "event_aliases_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "media_jobs_due" ON "media_jobs" USING btree ("due_at");--> statement-breakpoint
CREATE INDEX "event_aliases_by_event" ON "event_aliases" USING btree ("instance_id","event_key");
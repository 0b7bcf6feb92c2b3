CREATE TABLE "recording_searches" (
	"instance_id" uuid NOT NULL,
	"call_id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"state" text NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"leased_until" timestamp (3) with time zone,
	"lease_holder" uuid,
	"failure_kind" text,
	"failure" text,
	CONSTRAINT "recording_searches_instance_id_call_id_pk" PRIMARY KEY("instance_id","call_id")
);
--> statement-breakpoint
ALTER TABLE "call_facts" ADD COLUMN "recording" text;--> statement-breakpoint
ALTER TABLE "recording_searches" ADD CONSTRAINT "recording_searches_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "recording_searches" ADD CONSTRAINT "recording_searches_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "recording_searches_due" ON "recording_searches" USING btree ("due_at") WHERE state <> 'missing';
CREATE TABLE "call_facts" (
	"record_id" uuid PRIMARY KEY NOT NULL,
	"instance_id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"call_id" uuid NOT NULL,
	"leg_id" uuid NOT NULL,
	"parent_id" uuid,
	"account_id" uuid NOT NULL,
	"conversation_id" uuid,
	"happened_at" timestamp (3) with time zone NOT NULL,
	"status" text,
	"direction" text,
	"answered_by" text,
	"voicemail" boolean NOT NULL,
	"occurred_at" timestamp (3) with time zone,
	"started_at" timestamp (3) with time zone,
	"answered_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"duration_seconds" integer
);
--> statement-breakpoint
CREATE TABLE "calls" (
	"instance_id" uuid NOT NULL,
	"id" uuid NOT NULL,
	"sequence" bigint NOT NULL,
	"account_id" uuid NOT NULL,
	"conversation_id" uuid,
	"happened_at" timestamp (3) with time zone NOT NULL,
	"began_at" timestamp (3) with time zone NOT NULL,
	"direction" text NOT NULL,
	"outcome" text NOT NULL,
	"started_at" timestamp (3) with time zone,
	"answered_at" timestamp (3) with time zone,
	"ended_at" timestamp (3) with time zone,
	"ring_seconds" integer,
	"talk_seconds" integer,
	CONSTRAINT "calls_instance_id_id_pk" PRIMARY KEY("instance_id","id")
);
--> statement-breakpoint
ALTER TABLE "call_facts" ADD CONSTRAINT "call_facts_record_id_records_id_fk" FOREIGN KEY ("record_id") REFERENCES "public"."records"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "call_facts" ADD CONSTRAINT "call_facts_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "calls" ADD CONSTRAINT "calls_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "call_facts_by_sequence" ON "call_facts" USING btree ("instance_id","sequence");--> statement-breakpoint
CREATE INDEX "call_facts_by_call" ON "call_facts" USING btree ("instance_id","call_id");--> statement-breakpoint
CREATE INDEX "call_facts_by_leg" ON "call_facts" USING btree ("instance_id","leg_id");--> statement-breakpoint
CREATE INDEX "call_facts_by_parent" ON "call_facts" USING btree ("instance_id","parent_id");--> statement-breakpoint
CREATE UNIQUE INDEX "calls_by_sequence" ON "calls" USING btree ("instance_id","sequence");--> statement-breakpoint
CREATE INDEX "calls_by_account" ON "calls" USING btree ("instance_id","account_id","sequence");--> statement-breakpoint
CREATE INDEX "calls_by_conversation" ON "calls" USING btree ("instance_id","conversation_id","sequence");--> statement-breakpoint
CREATE INDEX "calls_by_time" ON "calls" USING btree ("instance_id","began_at");
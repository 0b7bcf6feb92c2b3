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
ALTER TABLE "sinks" ADD COLUMN "filter" jsonb;--> statement-breakpoint
ALTER TABLE "sinks" ADD COLUMN "stopped_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "sinks" ADD COLUMN "failing_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "journals" ADD COLUMN "unmatched" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "records" ADD COLUMN "custodian_ids" uuid[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "sink_inflow" ADD CONSTRAINT "sink_inflow_sink_id_sinks_id_fk" FOREIGN KEY ("sink_id") REFERENCES "public"."sinks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_inflow" ADD CONSTRAINT "sink_inflow_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_outflow" ADD CONSTRAINT "sink_outflow_sink_id_sinks_id_fk" FOREIGN KEY ("sink_id") REFERENCES "public"."sinks"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "sink_outflow" ADD CONSTRAINT "sink_outflow_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "deliveries_oldest" ON "deliveries" USING btree ("sink_id","sequence") WHERE state = 'pending';
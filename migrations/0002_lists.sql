CREATE TABLE "message_hours" (
	"instance_id" uuid NOT NULL,
	"hour" timestamp (3) with time zone NOT NULL,
	"first_sequence" bigint NOT NULL,
	"last_sequence" bigint NOT NULL,
	CONSTRAINT "message_hours_instance_id_hour_pk" PRIMARY KEY("instance_id","hour")
);
--> statement-breakpoint
ALTER TABLE "message_hours" ADD CONSTRAINT "message_hours_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "thread_spans_by_sequence" ON "thread_spans" USING btree ("instance_id","last_sequence");--> statement-breakpoint
INSERT INTO "message_hours" SELECT "instance_id", date_trunc('hour', "received_at", 'UTC'), min("sequence"), max("sequence") FROM "messages" GROUP BY 1, 2;

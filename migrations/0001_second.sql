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
ALTER TABLE "event_aliases" ADD CONSTRAINT "event_aliases_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "event_aliases_by_event" ON "event_aliases" USING btree ("instance_id","event_key");--> statement-breakpoint
UPDATE "receipts" SET "rank" = "rank" + CASE WHEN "rank" >= 9 THEN 4 ELSE 2 END;--> statement-breakpoint
UPDATE "messages" SET "status_rank" = "status_rank" + CASE WHEN "status_rank" >= 9 THEN 4 ELSE 2 END WHERE "status_rank" > 0;

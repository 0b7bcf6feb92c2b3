ALTER TABLE "captures" DROP CONSTRAINT "captures_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "thread_parties" DROP CONSTRAINT "thread_parties_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "thread_parties" DROP CONSTRAINT "thread_parties_thread_id_threads_id_fk";
--> statement-breakpoint
ALTER TABLE "thread_spans" DROP CONSTRAINT "thread_spans_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "thread_spans" DROP CONSTRAINT "thread_spans_thread_id_threads_id_fk";
--> statement-breakpoint
ALTER TABLE "threads" DROP CONSTRAINT "threads_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_sink_id_sinks_id_fk";
--> statement-breakpoint
ALTER TABLE "deliveries" DROP CONSTRAINT "deliveries_record_id_records_id_fk";
--> statement-breakpoint
ALTER TABLE "evidence" DROP CONSTRAINT "evidence_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "lanes" DROP CONSTRAINT "lanes_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "lanes" DROP CONSTRAINT "lanes_sink_id_sinks_id_fk";
--> statement-breakpoint
ALTER TABLE "messages" DROP CONSTRAINT "messages_record_id_records_id_fk";
--> statement-breakpoint
ALTER TABLE "messages" DROP CONSTRAINT "messages_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "receipts" DROP CONSTRAINT "receipts_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "record_addresses" DROP CONSTRAINT "record_addresses_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "records" DROP CONSTRAINT "records_instance_id_instances_id_fk";
--> statement-breakpoint
ALTER TABLE "records" DROP CONSTRAINT "records_account_id_accounts_id_fk";
--> statement-breakpoint
DROP INDEX "deliveries_oldest";--> statement-breakpoint
CREATE INDEX "deliveries_oldest" ON "deliveries" USING btree ("sink_id","sequence") WHERE state = 'pending' and sequence > 0;
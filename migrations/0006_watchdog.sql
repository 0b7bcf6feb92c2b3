CREATE TABLE "silences" (
	"instance_id" uuid NOT NULL,
	"account_id" uuid NOT NULL,
	"day" date NOT NULL,
	"longest_seconds" integer NOT NULL,
	CONSTRAINT "silences_account_id_day_pk" PRIMARY KEY("account_id","day")
);
--> statement-breakpoint
ALTER TABLE "sessions" ADD COLUMN "not_open_since" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "silences" ADD CONSTRAINT "silences_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "silences" ADD CONSTRAINT "silences_account_id_accounts_id_fk" FOREIGN KEY ("account_id") REFERENCES "public"."accounts"("id") ON DELETE no action ON UPDATE no action;
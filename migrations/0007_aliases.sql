CREATE TABLE "address_aliases" (
	"instance_id" uuid NOT NULL,
	"alias_id" uuid NOT NULL,
	"address_id" uuid NOT NULL,
	"since" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "address_aliases_instance_id_alias_id_address_id_pk" PRIMARY KEY("instance_id","alias_id","address_id")
);
--> statement-breakpoint
ALTER TABLE "address_aliases" ADD CONSTRAINT "address_aliases_instance_id_instances_id_fk" FOREIGN KEY ("instance_id") REFERENCES "public"."instances"("id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "address_aliases_by_address" ON "address_aliases" USING btree ("instance_id","address_id");
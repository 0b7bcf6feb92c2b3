ALTER TABLE "captures" DROP CONSTRAINT "captures_account_id_accounts_id_fk";

alter table questions add column closed_at timestamptz;

-- partywall: down

alter table questions drop column closed_at;

-- The workspace that each person has chosen last.
create table chosen_workspaces (
  user_id text primary key references central_user (id) on delete cascade,
  workspace_id uuid not null
);

-- partywall: down
drop table chosen_workspaces;

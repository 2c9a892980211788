-- The two roles of a deployment. Neither is a superuser. Run it once as a superuser in the database of Deskwire;
-- deploy/database-roles.sh does so for docker-compose.yml, and sets the passwords.
--
--   deskwire_owner    `deskwire migrate`: owns the schema `deskwire`
--   deskwire_node     the nodes: reads and writes the tables of that schema, and makes the schemas of read models
create role deskwire_owner login nosuperuser nocreatedb nocreaterole;
create role deskwire_node login nosuperuser nocreatedb nocreaterole;

do $$ begin
  execute format('revoke all on database %I from public', current_database());
  execute format('grant connect, create, temporary on database %I to deskwire_owner', current_database());
  -- Each version of a read model is a schema that its projector makes and removes.
  execute format('grant connect, create, temporary on database %I to deskwire_node', current_database());
end $$;
revoke all on schema public from public;

create schema deskwire authorization deskwire_owner;
grant usage on schema deskwire to deskwire_node;
alter default privileges for role deskwire_owner in schema deskwire
  grant select, insert, update, delete on tables to deskwire_node;
alter default privileges for role deskwire_owner in schema deskwire grant usage, select on sequences to deskwire_node;
alter default privileges for role deskwire_owner in schema deskwire grant execute on functions to deskwire_node;

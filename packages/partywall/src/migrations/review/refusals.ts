/** What the review refuses, in the words of the author of the file: what it is, what it would do, and how to write it. */
import type { DatabaseWide } from '../statements/database-wide.ts'
import type { Mention } from '../statements/mentions.ts'
import type { ReviewPlace } from './review-context.ts'

const rewrite = "or give the source { public: 'rewrite' }, which removes it"

export function databaseWide({ what, extensions, schemas }: DatabaseWide, { sharedSource }: ReviewPlace): string {
  const move = `Move it to a migration of the shared schema (${sharedSource}), where it runs once`
  if (extensions !== undefined) {
    return (
      `${what}, which is about the whole database: its functions would be created in the schema of one tenant, and the next tenant would not ` +
      `get them. ${move}; where the file must stay as it is, give the source { extensions: 'shared' }, which leaves such statements out.`
    )
  }
  if (schemas !== undefined) {
    return `${what} (${schemas.map((schema) => JSON.stringify(schema)).join(', ')}), which is about more than one tenant. ${move}, or remove it.`
  }
  if (/^(?:create|drop) database$/.test(what)) {
    return `${what}: migrations run in the database of the configuration, which exists. Remove the statement.`
  }
  return `${what}, which is about the whole database and not about one tenant: the first tenant would do it for all. ${move}.`
}

export function changeElsewhere({ schema, name, use }: Mention, { sharedSource, sharedSchema }: ReviewPlace): string {
  const what = use === 'create' ? 'the creation of' : use === 'write' ? 'a change to the rows of' : 'a change to'
  return (
    `${what} ${schema}.${name}, which is not in the schema of the tenant: it would be done once for each tenant. Move it to a migration of the shared ` +
    `schema ${JSON.stringify(sharedSchema)} (${sharedSource}); if ${name} is the tenant's own, remove "${schema}."` +
    (schema === 'public' ? `, ${rewrite}` : '') +
    '; or, if every tenant has to do it, put the line `-- partywall: shared-objects` into the file.'
  )
}

/** A change of what the search path finds in the shared schema. */
export function changeOfShared(name: string, { sharedSource, sharedSchema }: ReviewPlace): string {
  return (
    `a change to ${name}, which the tenant does not have: it would change the object of this name in the shared schema ${JSON.stringify(sharedSchema)}, ` +
    `once for each tenant. Move it to a migration of the shared schema (${sharedSource}).`
  )
}

export function catalogWrite({ name }: Mention, { sharedSource }: ReviewPlace): string {
  return (
    `a change of ${name}, which holds the objects of all tenants. Limit it to the tenant's own, e.g. by 'books'::regclass or 'mood'::regtype, or ` +
    `move it to a migration of the shared schema (${sharedSource}).`
  )
}

export const settingsTable = 'a change of pg_settings, which changes the settings of the session. Write SET instead.'

export function ownName(name: string): string {
  return (
    `the name public.${name}, but ${name} is the tenant's own, and "public." leads out of the schema of the tenant. Remove "public.", ${rewrite}; ` +
    `if a shared ${name} is meant, give { public: 'keep' }.`
  )
}

export function unknownPublic(name: string): string {
  return (
    `the name public.${name}, but "public" is no schema of this tenancy. Remove "public."; or name the schema in "sharedSchema" or ` +
    '"extraSearchPath" of the config.'
  )
}

export function path(what: string): string {
  return `${what}, which sets the search path: the statements after it would run in another schema. Remove it; the path is the tenant's already.`
}

export function inString(name: string, where: string): string {
  return `public.${name} in ${where}; it would lead to the shared schema, not to the tenant's ${name}. Remove "public." there, ${rewrite}.`
}

export function inDynamic(what: string): string {
  return (
    `${what} in a statement that is put together at run time; it would lead to the shared schema, not to the tenant. Remove it there: the search ` +
    `path finds the tenant's own first; ${rewrite}.`
  )
}

export function functionPath(): string {
  return (
    'a function with a search path that leads out of the schema of the tenant: its calls would find the shared tables. Write ' +
    `\`set search_path from current\` in the function, ${rewrite.replace('which removes it', 'which writes that')}.`
  )
}

export function pathInBody(): string {
  return (
    'a function that sets the search path: the statements after its call would run in another schema. Remove that from the body; or give the ' +
    'function itself `set search_path from current`, and let the body use `set local`, which ends with the call.'
  )
}

/** @param condition undefined where no condition says it */
export function guard(table: string, condition: string | undefined): string {
  const add =
    condition === undefined
      ? "Compare the number of the object with that of an object of the tenant, e.g. 'books'::regclass."
      : `Add the condition: and ${condition}`
  return `a query on ${table} that is not limited to the schema of the tenant: it would find the objects of other tenants, too. ${add}`
}

export function guardOfPublic(column: string): string {
  return (
    `a comparison of ${column} with 'public': the objects of the tenant are in its own schema, so they would not be found. Write ` +
    `current_schema() in the place of 'public', or give the source { public: 'rewrite' }, which does so; if the shared schema is meant, give ` +
    "{ public: 'keep' }."
  )
}

export function psqlCommand(command: string): string {
  if (/^c(?:onnect)?$/.test(command)) {
    return `the command \\${command}, with which psql opens another database: migrations run in that of the configuration. Remove the line.`
  }
  return (
    `the command \\${command}, which psql carries out itself: PostgreSQL does not know it. Remove the line. This makes a dump without such ` +
    "lines, and without rows: pg_dump --schema-only … | sed '/^\\\\/d'"
  )
}

export function copyOfClient(isFrom: boolean): string {
  return isFrom
    ? 'COPY … FROM STDIN, whose rows psql sends behind the statement: a migration has no such rows. Write them as INSERT (pg_dump --inserts), or ' +
        'leave them out (pg_dump --schema-only).'
    : 'COPY … TO STDOUT, which sends rows to psql. Remove it.'
}

export function unread(word: string): string {
  return `a statement that the review cannot read, and that holds the word ${word}: it may be about another schema. Write it in a simpler way, or without this word.`
}

export const unchangeable = 'a name with "public." at a place where partywall cannot change it. Remove "public." there.'

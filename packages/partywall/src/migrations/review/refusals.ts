/** What the review refuses, in the words of the author of the file: what it is, what it would do, and how to write it. */
import type { DatabaseWide } from './database-wide.ts'
import type { Mention } from './mentions.ts'
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
  return `public.${name} in ${where}; it would lead to the shared schema, not to the tenant's ${name}. Remove "public." there.`
}

export function unread(word: string): string {
  return `a statement that the review cannot read, and that holds the word ${word}: it may be about another schema. Write it in a simpler way, or without this word.`
}

export const unchangeable =
  'a name with "public." in a DO block in plain quotes, where partywall changes nothing. Write the block in $$ … $$, or remove "public.".'

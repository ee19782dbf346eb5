/** What `init` has to know of the app in a folder, from its package.json. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface App {
  /** How Node.js reads its `.ts` and `.js` files; undefined without a package.json. */
  readonly type: 'module' | 'commonjs' | 'unset' | undefined
  /** Next.js puts the config into a bundle, where `import.meta.dirname` is undefined. */
  readonly isBundled: boolean
}

interface PackageJson {
  readonly type?: unknown
  readonly dependencies?: object
  readonly devDependencies?: object
}

export function appIn(folder: string): App {
  try {
    const { type, dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson
    return {
      type: type === 'module' || type === 'commonjs' ? type : 'unset',
      isBundled: Object.hasOwn({ ...dependencies, ...devDependencies }, 'next'),
    }
  } catch {
    return { type: undefined, isBundled: false }
  }
}

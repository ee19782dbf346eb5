/** One case of the contract: the suite of each library runs it, and bites.test.ts shows which cases naive pools fail. */
import type { OrmCapability } from './orm-subject.ts'
import type { OrmWorld } from './orm-world.ts'

export interface OrmCase {
  /** A sentence about the library, without its name. */
  readonly name: string
  /** What the library must be able to do. */
  readonly needs?: OrmCapability
  run(world: OrmWorld): Promise<void>
}

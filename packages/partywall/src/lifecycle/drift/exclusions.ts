/** Objects that may differ, by globs of their names. */
import type { BlueprintDifference } from '../../blueprint/blueprint-difference.ts'

/** Whether a difference is about an object that none of these globs names. */
export function notExcluded(globs: readonly string[]): (difference: Pick<BlueprintDifference, 'name'>) => boolean {
  const patterns = globs.map(patternOf)
  return ({ name }) => !namesOf(name).some((part) => patterns.some((pattern) => pattern.test(part)))
}

/** `orders.total` belongs to `orders`, and `touch(integer)` is called `touch`. A name may have a dot itself, so each dot may be the end of one. */
function namesOf(name: string): readonly string[] {
  const ends = [...name.matchAll(/[.(]/g)].map(({ index }) => name.slice(0, index))
  return [name, ...ends]
}

function patternOf(glob: string): RegExp {
  const source = glob.replaceAll(/[\\^$.*+?()[\]{}|]/g, (character) =>
    character === '*' ? '.*' : character === '?' ? '.' : `\\${character}`,
  )
  return new RegExp(`^${source}$`, 'su')
}

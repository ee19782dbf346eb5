/**
 * The language of the templates: lines between `//? if jwt|better-auth` and `//? else` or `//? end` stay where one of the words is a feature of the project. `#?` and `<!--?` do the
 * same in other files. `{{name}}` is a value.
 */

const directive = /^\s*(?:\/\/|#|<!--)\? (if (?<words>[\w|-]+)|else|end)(?: -->)?$/

/** @throws Error for a template that is written wrongly */
export function render(template: string, features: ReadonlySet<string>, values: Readonly<Record<string, string>>): string {
  /** Of each block around the line: whether its lines stay. */
  const blocks: boolean[] = []
  const lines = template.split('\n').filter((line) => {
    const found = directive.exec(line)
    if (found === null) return blocks.every(Boolean)
    const { words } = found.groups!
    if (words !== undefined) blocks.push(words.split('|').some((word) => features.has(word)))
    else if (blocks.length === 0) throw new Error(`A template has ${line.trim()} without an if.`)
    else if (found[1] === 'else') blocks.push(!blocks.pop()!)
    else blocks.pop()
    return false
  })
  if (blocks.length > 0) throw new Error('A template has an if without an end.')
  return lines.join('\n').replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new Error(`A template has {{${name}}}, which is no value.`)
    return value
  })
}

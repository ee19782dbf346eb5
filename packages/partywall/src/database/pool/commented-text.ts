/**
 * A statement with a comment behind it, which tells the server's log and pg_stat_activity who sent it. The comment is white space to the server: the facts of the
 * text stay as they are, and a position in an error as well. A named statement gets none, because its name stands for one text.
 */
import type { Observation } from '../../observation.ts'
import type { Binding } from '../binding/binding.ts'
import type { OutgoingText } from '../binding/outgoing-text.ts'

export function commented(text: OutgoingText, binding: Binding, { comment }: Observation): OutgoingText {
  if (comment === undefined) return text
  const { config, examined } = text
  if (examined.text.trim() === '' || examined.facts.control !== undefined) return text
  if (typeof config === 'object' && (config.name !== undefined || config.text !== examined.text)) return text
  const words = comment(binding)
  if (words === undefined) return text
  const whole = `${examined.text} /*${words}*/`
  return {
    ...text,
    // What else the caller's object has, it has by inheritance, also where that is a getter.
    config: typeof config === 'string' ? whole : Object.create(config, { text: { value: whole, enumerable: true } }),
    examined: { text: whole, facts: examined.facts },
  }
}

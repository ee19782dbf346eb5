/** Prompts for the attributes of a new tenant that no `--set` gives, each with the default of the schema. */
import type { Prompts } from '../terminal/prompts.ts'
import { parseValue } from './attributes.ts'
import { fieldsOf, problemOf, type AttributeField, type AttributesSchema } from './attribute-fields.ts'

type Answers = Record<string, unknown>

/** The attributes that are known already with those that are answered. Without prompts, those that are known. */
export async function askAttributes(
  prompts: Prompts,
  schema: AttributesSchema | undefined,
  known: Readonly<Answers> | undefined,
): Promise<Answers | undefined> {
  if (schema === undefined || !prompts.canAsk) return known
  const answers: Answers = { ...known }
  const seen = new Set(Object.keys(answers))
  for (;;) {
    const fields = (await fieldsOf(schema, answers)).filter(({ name }) => !seen.has(name))
    if (fields.length === 0) return answers
    for (const field of fields) {
      seen.add(field.name)
      const answer = await askField(prompts, schema, answers, field)
      if (answer !== undefined) answers[field.name] = answer
    }
  }
}

/** Undefined leaves the attribute to the schema. */
async function askField(
  prompts: Prompts,
  schema: AttributesSchema,
  known: Readonly<Answers>,
  { name, isRequired, byDefault, choices, isText }: AttributeField,
): Promise<unknown> {
  const question = { missing: `--set ${name}=…`, question: `Attribute "${name}"` }
  if (choices !== undefined && choices.length > 0) {
    const texts = choices.map(textOf)
    const first = byDefault === undefined ? (isRequired ? [] : ['']) : [textOf(byDefault)]
    const chosen = await prompts.choice(question, [...new Set([...first, ...texts])] as [string, ...string[]])
    return choices[texts.indexOf(chosen)]
  }
  const refused = (value: unknown): string | undefined => problemOf(schema, known, name, value)
  const valueOf = (answer: string): unknown => {
    const value = isText ? answer : parseValue(answer)
    // A number where the schema takes only text.
    return refused(value) !== undefined && refused(answer) === undefined ? answer : value
  }
  const problem = (answer: string): string | undefined => refused(valueOf(answer))
  const answer = isRequired
    ? await prompts.required({ ...question, problem })
    : await prompts.optional({ ...question, problem }, byDefault === undefined ? '' : textOf(byDefault))
  return answer === '' ? undefined : valueOf(answer)
}

/** As it is typed after `--set name=`. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/**
 * Names in options of a statement: `create aggregate … (sfunc = public.joined, stype = text)`. The grammar takes every name there for a type;
 * which class of object it is, the option says.
 */
import { fieldsOf, partsOf, type Fields } from './grammar.ts'

type ClassOfOption = 'type' | 'routine' | 'collation' | 'operator' | 'operator class' | 'text search'

/** The name that an option holds; undefined when it holds anything else. */
export function nameInOption({
  defname,
  arg,
}: Fields): { readonly class: ClassOfOption; readonly parts: readonly string[] } | undefined {
  const type = fieldsOf(arg, 'TypeName')
  if (type === undefined) return undefined
  return { class: classes.find(([, options]) => options.test(String(defname)))?.[0] ?? 'routine', parts: partsOf(type['names']) }
}

/** All other options name functions. */
const classes: readonly (readonly [ClassOfOption, RegExp])[] = [
  ['type', /^(?:as|basetype|element|leftarg|like|m?stype|rightarg|subtype|type)$/],
  ['collation', /^collation$/],
  ['operator', /^(?:sortop|commutator|negator)$/],
  ['operator class', /^subtype_opclass$/],
  ['text search', /^(?:copy|parser|template)$/],
]

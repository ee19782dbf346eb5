/** A form on one of the schemas of the API: what is wrong is said at the field, by the same words before and after it was sent. */
import { reactive, ref, type Ref } from 'vue'
import { ApiError } from '../api/fetch.ts'
import { sentence } from './sentence.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}
interface Schema {
  safeParse(value: unknown): {
    readonly success: boolean
    readonly data?: unknown
    readonly error?: { readonly issues: readonly Issue[] } | undefined
  }
}

export interface Form<T extends object> {
  readonly values: T
  readonly errors: Partial<Record<keyof T, string>>
  /** What is wrong with the whole. */
  readonly problem: Ref<string | undefined>
  readonly isSending: Ref<boolean>
  reset(values: T): void
  /** Undefined where it was refused; the form then says why. */
  submit<R>(send: (body: object) => Promise<R>): Promise<R | undefined>
}

export function useForm<T extends object>(schema: Schema, start: T): Form<T> {
  const values = reactive({ ...start }) as T
  const errors = reactive({}) as Partial<Record<keyof T, string>>
  const problem = ref<string>()
  const isSending = ref(false)

  function say(found: Readonly<Record<string, string>>): void {
    for (const name of Object.keys(errors)) delete errors[name as keyof T]
    for (const [name, message] of Object.entries(found)) errors[name as keyof T] = sentence(message)
    const others = Object.keys(found).filter((name) => !(name in values))
    problem.value = others.length === 0 ? undefined : others.map((name) => `${name}: ${sentence(found[name]!)}`).join(' ')
  }

  return {
    values,
    errors,
    problem,
    isSending,
    reset(next) {
      Object.assign(values, next)
      say({})
    },
    async submit(send) {
      if (isSending.value) return undefined
      const { success, error } = schema.safeParse(values)
      if (!success) {
        say(Object.fromEntries((error?.issues ?? []).map(({ path, message }) => [path.join('.'), message]).toReversed()))
        focusFirstError()
        return undefined
      }
      say({})
      isSending.value = true
      try {
        return await send(values)
      } catch (refused) {
        if (!(refused instanceof ApiError)) throw refused
        say(refused.errors)
        if (Object.keys(refused.errors).length === 0) problem.value = refused.message
        focusFirstError()
        return undefined
      } finally {
        isSending.value = false
      }
    },
  }
}

function focusFirstError(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}

/** The title of the page: in the window's title, and told to a screen reader when the page changes. */
import { inject, provide, ref, watchEffect } from 'vue'
import type { InjectionKey, Ref } from 'vue'

interface Titles {
  readonly application: () => string
  readonly page: Ref<string>
}

const key: InjectionKey<Titles> = Symbol('UiShell')

export function provideTitles(application: () => string): Ref<string> {
  const page = ref('')
  provide(key, { application, page })
  return page
}

export function usePageTitle(title: () => string): void {
  const titles = inject(key, undefined)
  watchEffect(() => {
    if (titles !== undefined) titles.page.value = title()
    const application = titles?.application()
    document.title = application === undefined || application === title() ? title() : `${title()} · ${application}`
  })
}

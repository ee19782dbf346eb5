import { createApp } from 'vue'

createApp({ render: () => undefined }).mount('#app')

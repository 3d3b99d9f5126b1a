import { createRoot } from 'react-dom/client';
import { OperatorApp } from './operator-app.tsx';
import '../styles.css';

const place = document.querySelector('#app');
if (place !== null) createRoot(place).render(<OperatorApp />);

//! A document like a half-yearly report: about twelve pages, eight tables, one of 54 rows, four charts. Its numbers are
//! made up by arithmetic, so that it is the same every time.

use chrono::NaiveDate;
use opora_documents::model::{
    Attachment, Attachments, Bar, BarsChart, Block, CategoriesChart, Cell, Chart, Column, ColumnKind,
    Document, Language, Legend, LinesChart, Row, Series, Signature, Span, Table, Text, TimelineChart,
    TimelineRow, TitleBlock, Tone, Unit,
};

/// The document.
pub fn document() -> Document {
    let mut blocks = introduction();
    blocks.extend(plan());
    blocks.extend(results());
    blocks.extend(conclusion());
    Document { language: Language::Ru, title: title(), blocks }
}

/// A day of 2020 or 2021; months and days beyond their ends are taken back.
pub fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month.clamp(1, 12), day.clamp(1, 28)).unwrap_or_default()
}

fn title() -> TitleBlock {
    TitleBlock {
        organisation: "Министерство образования и науки региона\n\
            Государственное автономное учреждение дополнительного профессионального образования\n\
            «Институт развития образования»"
            .to_owned(),
        title: "Отчёт о выполнении регионального плана мероприятий по поддержке школ с низкими результатами обучения"
            .to_owned(),
        subtitle: Some("План мероприятий («дорожная карта») на 2020–2021 годы".to_owned()),
        number: Some("01-07/12".to_owned()),
        date: Some(day(2021, 1, 15)),
        period: Some("за 2020 год, в том числе за первое полугодие".to_owned()),
        addressee: Some("Заместителю министра\nобразования и науки региона".to_owned()),
        mark: Some("ПРОЕКТ".to_owned()),
        fingerprint: Some("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned()),
    }
}

fn introduction() -> Vec<Block> {
    vec![
        Block::heading(1, "Общие сведения"),
        Block::paragraph(
            "Отчёт составлен по данным, внесённым исполнителями плана и подтверждённым институтом на дату отчёта. \
             Показатели рассчитаны автоматически; сведения об организациях взяты из регионального реестра. Состояние \
             каждого мероприятия определено по фактам, подтверждённым документами, и не изменяется вручную.",
        ),
        Block::Paragraph(opora_documents::model::Paragraph {
            text: Text::default()
                .plain("Из 54 мероприятий плана ")
                .bold("выполнено 31")
                .plain(", в том числе 4 с опозданием; ")
                .bold("просрочено 6")
                .plain(". Источник сведений по мероприятию 1.4 недоступен, что подтверждено замечанием исполнителя."),
        }),
        Block::properties([
            ("Отчётный период", Cell::from("с 01.01.2020 по 31.12.2020")),
            ("Срок представления", Cell::from(day(2021, 1, 15))),
            ("Мероприятий плана в отчётном периоде", Cell::Integer(54)),
            ("Школ с низкими результатами в списке", Cell::Integer(12_345)),
            ("Доля выполненных мероприятий", Cell::Share(5741)),
            ("Ответственный исполнитель", Cell::from("Центр оценки качества образования, отдел методической поддержки")),
        ]),
        Block::heading(2, "Целевые показатели"),
        Block::Table(Table {
            name: "Показатели".to_owned(),
            caption: "Целевые показатели паспорта".to_owned(),
            columns: vec![
                Column::new("code", "№", ColumnKind::Text, 2).centered(),
                Column::new("name", "Показатель", ColumnKind::Text, 14),
                Column::new("target", "Цель", ColumnKind::Share, 4),
                Column::new("actual", "Факт", ColumnKind::Share, 4),
                Column::new("verdict", "Оценка", ColumnKind::Text, 6),
            ],
            rows: [
                ("I1", "Доля школ с низкими результатами, получающих адресную поддержку", 10_000, Some(8742), "не достигнут"),
                ("I2", "Доля педагогов, прошедших обучение по индивидуальным маршрутам", 5000, Some(5150), "достигнут"),
                ("I3", "Доля муниципальных систем, в которых действуют программы поддержки", 10_000, Some(10_000), "достигнут"),
                ("I4", "Доля школ, вышедших из списка школ с низкими результатами", 2000, None, "пока не измеряется"),
            ]
            .map(|(code, name, target, actual, verdict)| {
                Row::Cells(vec![
                    code.into(),
                    name.into(),
                    Cell::Share(target),
                    actual.map_or(Cell::Empty, Cell::Share),
                    verdict.into(),
                ])
            })
            .to_vec(),
            note: Some("Показатель I4 измеряется после утверждения следующего списка.".to_owned()),
            ..Table::default()
        }),
        Block::figure(
            "Целевые показатели: факт и цель",
            Chart::Bars(BarsChart {
                unit: Unit::Share,
                value_name: "Факт на 31.12.2020".to_owned(),
                target_name: "Цель".to_owned(),
                bars: [
                    ("I1. Адресная поддержка школ", Some(8742), 10_000),
                    ("I2. Обучение педагогов", Some(5150), 5000),
                    ("I3. Муниципальные программы", Some(10_000), 10_000),
                    ("I4. Выход из списка", None, 2000),
                ]
                .map(|(label, value, target)| Bar { label: label.to_owned(), value, target: Some(target) })
                .to_vec(),
            }),
        ),
    ]
}

const STATES: [(Tone, &str); 6] = [
    (Tone::Good, "выполнено"),
    (Tone::Fair, "выполнено с опозданием"),
    (Tone::Active, "выполняется"),
    (Tone::Open, "не начато"),
    (Tone::Bad, "просрочено"),
    (Tone::Muted, "источник недоступен"),
];

const ACTIVITIES: [&str; 9] = [
    "Формирование перечня школ с низкими результатами обучения и школ, функционирующих в неблагоприятных социальных условиях",
    "Проведение совещания с руководителями муниципальных органов управления образованием",
    "Разработка и утверждение муниципальных программ поддержки школ с низкими результатами",
    "Анализ кадрового состава школ целевой группы",
    "Организация наставничества: заключение соглашений о партнёрстве между школами-лидерами и школами целевой группы",
    "Повышение квалификации управленческих команд (не менее трёх человек от школы, не менее 36 часов)",
    "Проведение диагностики профессиональных дефицитов педагогических работников по предметам государственной итоговой аттестации",
    "Мониторинг реализации школьных программ перехода в эффективный режим работы",
    "Региональная научно-практическая конференция",
];

fn plan() -> Vec<Block> {
    let state = |n: usize| STATES[[0, 0, 0, 1, 0, 2, 0, 4, 3, 0, 5][n % 11]];
    let mut rows = Vec::new();
    let mut spans = Vec::new();
    for n in 0..54_usize {
        if n % 18 == 0 {
            let names =
                ["Нормативное и организационное обеспечение", "Работа с кадрами", "Адресная поддержка школ"];
            rows.push(Row::Group(format!("Раздел {}. {}", n / 18 + 1, names[n / 18])));
        }
        let (number, month) = (format!("{}.{}", n / 18 + 1, n % 18 + 1), 1 + n as u32 * 5 % 10);
        let (year, (tone, word)) = (2020 + n as i32 % 2, state(n));
        let name = ACTIVITIES[n % ACTIVITIES.len()];
        rows.push(Row::Cells(vec![
            number.clone().into(),
            name.into(),
            day(year, month + 2, 25).into(),
            ["Институт", "Муниципальные органы, институт", "Школы целевой группы"][n % 3].into(),
            Cell::Integer(6 + n as i64 % 5 * 7),
            if n % 11 == 8 { Cell::Empty } else { Cell::Integer(5 + n as i64 % 6 * 7) },
            word.into(),
            if n % 7 == 3 {
                "Перенесено на следующий квартал: ограничительные меры, приказ от 18.03.2020 № 214".into()
            } else {
                Cell::Empty
            },
        ]));
        let span = Span { from: day(year, month, 1), to: day(year, month + 2, 28), tone };
        spans.push(TimelineRow { label: format!("{number} {name}"), spans: vec![span] });
    }
    let table = Table {
        name: "Мероприятия".to_owned(),
        caption: "Выполнение мероприятий плана на 31.12.2020".to_owned(),
        columns: vec![
            Column::new("number", "№", ColumnKind::Text, 4).centered(),
            Column::new("activity", "Мероприятие", ColumnKind::Text, 26),
            Column::new("due_on", "Срок", ColumnKind::Date, 8),
            Column::new("executor", "Исполнитель", ColumnKind::Text, 13),
            Column::new("target", "План", ColumnKind::Integer, 5),
            Column::new("actual", "Факт", ColumnKind::Integer, 5),
            Column::new("state", "Состояние", ColumnKind::Text, 11),
            Column::new("cause", "Причина отклонения", ColumnKind::Text, 17),
        ],
        rows,
        total: Some(vec![Cell::Empty, "Всего".into(), Cell::Empty, Cell::Empty, 1_080.into(), 1_215.into()]),
        landscape: true,
        ..Table::default()
    };
    let legend = STATES.map(|(tone, label)| Legend { tone, label: label.to_owned() }).to_vec();
    vec![
        Block::heading(1, "Выполнение плана"),
        Block::paragraph(
            "В таблице приведены все мероприятия плана, окна которых приходятся на отчётный период. Плановые значения \
             взяты из приказа; там, где приказ не называет числа, стоит значение, следующее из его смысла.",
        ),
        Block::Table(table),
        Block::figure(
            "Календарь мероприятий плана",
            Chart::Timeline(TimelineChart {
                from: day(2020, 1, 1),
                to: NaiveDate::from_ymd_opt(2021, 12, 31).unwrap_or_default(),
                today: NaiveDate::from_ymd_opt(2020, 12, 31),
                legend,
                rows: spans,
            }),
        ),
        Block::heading(2, "Отклонения и их причины"),
        Block::list(
            false,
            [
                "очные мероприятия второго квартала перенесены из-за ограничительных мер;",
                "два муниципальных образования не представили соглашения о партнёрстве в срок;",
                "сведения о кадровом составе трёх школ требуют уточнения.",
            ],
        ),
        small("Отклонения", "Отклонения по исполнителям", 9),
    ]
}

const PLACES: [&str; 13] = [
    "Александровский",
    "Берёзовский",
    "Верхнеозёрский",
    "город Заречный",
    "Дальнереченский",
    "Ивановский",
    "Каменский",
    "Лесной",
    "Новосёловский",
    "Октябрьский",
    "Приозёрный",
    "Северо-Восточный",
    "Усть-Каменский",
];

fn place(n: usize) -> String {
    let kind = ["муниципальный район", "городской округ", "муниципальный округ", "район"][n / 13 % 4];
    format!("{} {kind}", PLACES[n % 13])
}

fn results() -> Vec<Block> {
    let share = |n: usize| 3000 + (n as i64 * 1733) % 7001;
    let rows = (0..52).map(|n| {
        Row::Cells(vec![
            Cell::Integer(n as i64 + 1),
            place(n).into(),
            Cell::Integer(1 + n as i64 * 7 % 23),
            Cell::Integer(n as i64 * 5 % 19),
            Cell::Share(share(n)),
            day(2020, 1 + n as u32 % 12, 1 + n as u32 % 28).into(),
        ])
    });
    let municipalities = Table {
        name: "Муниципальные образования".to_owned(),
        caption: "Результаты по муниципальным образованиям".to_owned(),
        columns: vec![
            Column::new("position", "№ п/п", ColumnKind::Integer, 3).centered(),
            Column::new("municipality", "Муниципальное образование", ColumnKind::Text, 14),
            Column::new("listed", "Школ в списке", ColumnKind::Integer, 5),
            Column::new("supported", "Получают поддержку", ColumnKind::Integer, 6),
            Column::new("share", "Доля педагогов, прошедших обучение", ColumnKind::Share, 7),
            Column::new("reported_on", "Дата отчёта", ColumnKind::Date, 6),
        ],
        rows: rows.collect(),
        total: Some(vec![
            Cell::Empty,
            "Всего".into(),
            612.into(),
            466.into(),
            Cell::Share(5150),
            Cell::Empty,
        ]),
        ..Table::default()
    };
    let bars =
        (0..52).map(|n| Bar { label: place(n), value: (n != 17).then(|| share(n)), target: Some(5000) });
    let quarters = ["I кв. 2020", "II кв. 2020", "III кв. 2020", "IV кв. 2020", "I кв. 2021", "II кв. 2021"];
    let series =
        |label: &str, values: [Option<i64>; 6]| Series { label: label.to_owned(), values: values.to_vec() };
    vec![
        Block::heading(1, "Результаты"),
        Block::heading(2, "По муниципальным образованиям"),
        Block::Table(municipalities),
        Block::figure(
            "Доля педагогов, прошедших обучение, по муниципальным образованиям",
            Chart::Categories(CategoriesChart {
                unit: Unit::Share,
                value_name: "Доля педагогов".to_owned(),
                target_name: Some("Цель".to_owned()),
                bars: bars.collect(),
            }),
        ),
        Block::heading(2, "Динамика"),
        Block::figure(
            "Динамика показателей I1–I3",
            Chart::Lines(LinesChart {
                unit: Unit::Share,
                points: quarters.map(str::to_owned).to_vec(),
                series: vec![
                    series("I1", [Some(1200), Some(3560), Some(6100), Some(8742), None, None]),
                    series("I2", [Some(800), Some(1950), None, Some(5150), Some(5600), Some(6400)]),
                    series(
                        "I3",
                        [Some(4500), Some(6700), Some(9200), Some(10_000), Some(10_000), Some(10_000)],
                    ),
                ],
                target: Some(5000),
                target_name: Some("Цель показателя I2".to_owned()),
            }),
        ),
        small("Мероприятия для школ", "Проведённые мероприятия для школ целевой группы", 14),
        small("Обучение", "Повышение квалификации", 11),
        small("Партнёрство", "Соглашения о партнёрстве", 0),
    ]
}

/// A table of `count` rows.
fn small(name: &str, caption: &str, count: usize) -> Block {
    let rows = (0..count).map(|n| {
        Row::Cells(vec![
            ACTIVITIES[(n * 4 + 1) % ACTIVITIES.len()].into(),
            place(n * 5).into(),
            day(2020, 1 + n as u32 % 12, 3 + n as u32).into(),
            Cell::Integer(n as i64 * 311 % 97),
        ])
    });
    Block::Table(Table {
        name: name.to_owned(),
        caption: caption.to_owned(),
        columns: vec![
            Column::new("activity", "Мероприятие", ColumnKind::Text, 14),
            Column::new("municipality", "Муниципальное образование", ColumnKind::Text, 9),
            Column::new("held_on", "Дата", ColumnKind::Date, 5),
            Column::new("participants", "Участников", ColumnKind::Integer, 5),
        ],
        rows: rows.collect(),
        ..Table::default()
    })
}

fn conclusion() -> Vec<Block> {
    vec![
        Block::heading(1, "Риски и предложения"),
        small("Риски", "Риски и меры по их снижению", 6),
        Block::list(
            true,
            [
                "Продлить срок мероприятия 3.9 до 30 апреля 2021 года.",
                "Направить муниципальным органам управления образованием письмо о представлении соглашений.",
                "Провести дополнительный набор на курсы повышения квалификации управленческих команд.",
            ],
        ),
        small("Предложения", "Предлагаемые изменения плана", 4),
        Block::Attachments(Attachments {
            items: vec![
                Attachment {
                    title: "Список школ целевой группы".to_owned(),
                    note: Some("на 12 л., XLSX, 48 КБ".to_owned()),
                },
                Attachment {
                    title: "Копии соглашений о партнёрстве".to_owned(), note: None
                },
            ],
        }),
        Block::Signature(Signature {
            position: "Директор института\nразвития образования".to_owned(),
            name: Some("О. П. Примерова".to_owned()),
            date: Some(day(2021, 1, 15)),
        }),
        Block::Signature(Signature {
            position: "Исполнитель: методист центра оценки качества образования".to_owned(),
            name: None,
            date: None,
        }),
    ]
}
